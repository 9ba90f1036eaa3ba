import type { TimedEvent } from '../../../engine/contract/events';
import type { ContrastiveSnapshot } from '../../../engine/contract/contrastive-snapshot';
import type { EngineEvent } from '../../../engine/contract/events';
import { oldPlan, oldTerm } from '../../../engine/presentation/old-runs';
import { madeNetworks } from './made-report';
import { Random } from '../../../engine/random';
import { snapshotFile, contrastiveSnapshot } from '../../../engine/method/gkd/contrastive-snapshot';

const stages = [
  ['teacher', ['crossEntropy', 'dice']],
  ['warmup', ['crossEntropy', 'dice']],
  ['psae', ['reconstruction']],
  [
    'act',
    ['features', 'output', 'regularisation', 'consistency'].flatMap((t) => [
      `tan.${t}`,
      `san.${t}`,
    ]),
  ],
  ['control', ['crossEntropy', 'dice']],
  ['gkd', ['crossEntropy', 'dice', 'intra', 'inter', 'studentToTeacher', 'teacherToStudent']],
] as const;
const networks = {
  teacher: 'teacher',
  warmup: 'warmup',
  control: 'control',
  gkd: 'gkd',
} as const;
const roles = { ct: 'source', mr: 'target' } as const;

export interface MadeRun {
  events: TimedEvent[];
  graphs: Record<string, ContrastiveSnapshot>;
}

/**
 * What a run of so many steps a stage reports, with made-up numbers that fall and rise as real ones do; evaluated every
 * `every` steps. `until` cuts it off after so many events.
 */
export function madeRun(o: {
  steps: number;
  every: number;
  seed?: number;
  until?: number;
}): MadeRun {
  const random = new Random(o.seed ?? 1, 'made run');
  const began = Date.parse('2026-11-20T08:00:00Z');
  const events: TimedEvent[] = [];
  const graphs: Record<string, ContrastiveSnapshot> = {};
  let clock = 0;
  const say = (event: EngineEvent) =>
    events.push({ ...event, time: new Date(began + clock).toISOString() });
  say({
    type: 'run',
    folder: '/runs/demo',
    config: '/demo.distill.jsonc',
    seed: 1,
    resumed: false,
    plan: {
      stages: oldPlan.stages.map(({ name, title }) => ({
        name: name === 'distill' ? 'gkd' : name,
        title,
        steps: o.steps,
      })),
      networks: madeNetworks,
    },
  });
  say({ type: 'device', device: 'cpu', name: 'A processor', threads: 2 });
  say({ type: 'cohort', domain: 'ct', role: 'source', cases: 8, slices: 240 });
  say({ type: 'cohort', domain: 'mr', role: 'target', cases: 6, slices: 180 });
  const learned: Record<string, number> = {};
  for (const [stage, terms] of stages) {
    const described = Object.fromEntries(terms.map((term) => [term, oldTerm(term)]));
    say({ type: 'stage', stage, state: 'started', step: 0, steps: o.steps, terms: described });
    for (let step = 1; step <= o.steps; step++) {
      clock += 120;
      const decay = Math.exp((-3 * step) / o.steps);
      const losses: Record<string, number> = {};
      terms.forEach((term, t) => {
        losses[term] = (0.05 + decay) * (1 + 0.4 * t) * Math.exp(0.25 * random.normal());
      });
      losses.loss = Object.values(losses).reduce((a, b) => a + b, 0);
      say({
        type: 'step',
        stage,
        step,
        steps: o.steps,
        losses,
        learningRate: 1e-3 * (1 - step / (o.steps + 1)),
        imagesPerSecond: 60 + 5 * random.normal(),
        memory: 5e8 + 1e5 * step,
      });
      if (step % o.every !== 0) continue;
      say({
        type: 'gradients',
        stage,
        step,
        norms: Object.fromEntries(terms.map((t) => [t, decay * random.uniform(0.5, 2)])),
      });
      if (!(stage in networks)) continue;
      const network = networks[stage as keyof typeof networks];
      for (const [domain, role] of Object.entries(roles)) {
        const best =
          { teacher: 0.93, warmup: 0.86, control: 0.88, gkd: 0.9 }[network] -
          (role === 'target'
            ? { teacher: 0.12, warmup: 0.25, control: 0.24, gkd: 0.14 }[network]
            : 0);
        const dice = best * (1 - 0.6 * decay) + 0.01 * random.normal();
        learned[`${network} ${domain}`] = dice;
        const split = role === 'source' ? 'validation' : 'test';
        say({ type: 'evaluation', stage, step, network, domain, role, split, dice, cases: 2 });
      }
      if (stage !== 'gkd') continue;
      say({
        type: 'fsd',
        stage,
        step,
        pair: 'ct - mr',
        network,
        value: 0.2 + decay,
        n: 48,
        dims: 16,
      });
      const k = 32;
      const [images, views] = [4, 4];
      const domains = ['ct', 'ct', 'mr', 'mr'];
      const drawn = (seed: string, noise: number) => {
        const vectors = new Float32Array(images * (1 + views) * k);
        const fixed = new Random(7, 'anchors');
        const own = new Random(7, seed, step);
        const anchors = domains.map((d) =>
          Float32Array.from(
            { length: k },
            (_, i) => fixed.normal() + (d === 'mr' && i < 6 ? 1.5 : 0),
          ),
        );
        for (let r = 0; r < images * (1 + views); r++) {
          const b = r < images ? r : Math.floor((r - images) / views);
          for (let i = 0; i < k; i++)
            vectors[r * k + i] = anchors[b][i] + noise * own.normal() * (r < images ? 0.3 : 1);
        }
        return vectors;
      };
      const snapshot = contrastiveSnapshot({
        step,
        images,
        views,
        domains,
        scope: 'batch',
        teacher: drawn('teacher', 0.3),
        student: drawn('student', 0.4 + 1.2 * decay),
      });
      const file = snapshotFile('gkd', step);
      graphs[file] = snapshot;
      say({ type: 'graphs', stage, step, file });
    }
    say({
      type: 'stage',
      stage,
      state: 'finished',
      step: o.steps,
      steps: o.steps,
      seconds: 0.12 * o.steps,
    });
  }
  say({ type: 'stage', stage: 'evaluate', state: 'started', step: 0, steps: 8 });
  let done = 0;
  for (const network of Object.values(networks))
    for (const [domain, role] of Object.entries(roles)) {
      clock += 2000;
      const dice = (learned[`${network} ${domain}`] ?? 0.5) - 0.01;
      say({
        type: 'evaluation',
        stage: 'evaluate',
        step: ++done,
        network,
        domain,
        role,
        split: 'test',
        dice,
        cases: 6,
      });
    }
  say({ type: 'stage', stage: 'evaluate', state: 'finished', step: 8, steps: 8, seconds: 16 });
  say({ type: 'finished', folder: '/runs/demo', report: '/runs/demo/report.json' });
  return { events: events.slice(0, o.until ?? events.length), graphs };
}
