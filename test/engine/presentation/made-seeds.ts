import type { ClassMetrics } from '../../../engine/contract/metrics';
import type { NetworkInfo } from '../../../engine/contract/plan';
import type { NetworkReport, Report } from '../../../engine/contract/report';
import { caseMean, aggregate } from '../../../engine/metrics/case';
import { Random } from '../../../engine/random';

const networkNamed = (name: string, color: number): NetworkInfo => {
  const titles: Record<string, string> = {
    teacher: 'Teacher',
    warmup: 'Student, warm-up',
    control: 'Student, trained on',
  };
  return {
    name,
    role: name === 'teacher' ? 'teacher' : titles[name] ? 'baseline' : 'student',
    title: titles[name] ?? `Student, ${name.toUpperCase()}`,
    stage: name,
    color,
  };
};

/** Dice of each case, by network; null where it is undefined. */
export type MadeDice = Record<string, (number | null)[]>;

/** A report with this Dice on these domains, cases by their place; of HD95 ten times what Dice lacks of 1; with FSD of 1 - Dice to targets. */
export function seedReport(
  seed: number,
  domains: Record<string, { role: 'source' | 'target'; dice: MadeDice }>,
): Report {
  const names = Object.keys(Object.values(domains)[0].dice);
  const report = (values: (number | null)[]): NetworkReport => {
    const cases = values.map((dice, i) => {
      const metrics: Record<string, number | null> = {
        dice,
        hd95: dice === null ? null : 10 * (1 - dice),
        cldice: null,
      };
      const liver = Object.assign(metrics, {
        presence: dice === null ? 'bothEmpty' : 'scored',
        confusion: { tp: 1, fp: 1, fn: 1, tn: 1 },
      }) as unknown as ClassMetrics;
      return { id: `case ${i}`, classes: { liver } };
    });
    const over = (name: string) =>
      aggregate(
        cases.map(({ classes }) => caseMean(classes, name)),
        { resamples: 0, confidence: 0.95, random: new Random(1) },
      );
    return Object.assign(
      { dice: over('dice'), hd95: over('hd95'), cldice: over('cldice') },
      { threshold: 'argmax' as const, classes: {}, cases },
    ) as unknown as NetworkReport;
  };
  const made = Object.entries(domains).map(
    ([name, { role, dice }]) =>
      [
        name,
        {
          role,
          cases: Object.values(dice)[0].length,
          fov: 'none' as const,
          networks: Object.fromEntries(
            Object.entries(dice).map(([network, values]) => [network, report(values)]),
          ),
          gain: {},
          files: {},
        },
      ] as const,
  );
  return {
    meddistill: '0.2.0',
    seed,
    classes: ['liver'],
    confidence: 0.95,
    networks: names.map(networkNamed),
    parameters: { teacher: 2000, student: 300 },
    seconds: Object.fromEntries(names.map((name, i) => [name, 10 * (i + 1) + seed])),
    domains: Object.fromEntries(made),
    fsd: {
      sourceToTarget: Object.fromEntries(
        made
          .filter(([, { role }]) => role === 'target')
          .map(([name, { networks }]) => [
            name,
            Object.fromEntries(
              Object.entries(networks).flatMap(([network, { dice }]) =>
                dice.mean === null ? [] : [[network, { value: 1 - dice.mean, n: 20, dims: 4 }]],
              ),
            ),
          ]),
      ),
      teacherToStudent: {},
    },
  };
}

/**
 * Runs of so many seeds in which each student's Dice is the control's and so much more on each domain, give or take a little by seed and by case.
 */
export function seedRuns(
  seeds: number,
  gains: Record<
    string,
    { role: 'source' | 'target'; gain: Record<string, number>; cases?: number }
  >,
  noise = 0.005,
): { seed: string; report: Report }[] {
  return Array.from({ length: seeds }, (_, seed) => {
    const domains = Object.entries(gains).map(([name, { role, gain, cases = 6 }]) => {
      const random = new Random(seed, name);
      const base = Array.from({ length: cases }, (__, i) => 0.5 + 0.03 * i);
      const dice: MadeDice = {
        teacher: base.map((v) => v + 0.2),
        warmup: base.map((v) => v - 0.05),
        control: base,
      };
      for (const [student, more] of Object.entries(gain)) {
        const own = noise * random.normal();
        dice[student] = base.map((v) => v + more + own + noise * random.normal());
      }
      return [name, { role, dice }] as const;
    });
    return { seed: String(seed), report: seedReport(seed, Object.fromEntries(domains)) };
  });
}
