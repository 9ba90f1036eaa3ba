import { caseMetrics, summarize } from '../../../engine/metrics/case';
import { type MetricName } from '../../../engine/contract/metrics';
import { comparePaired } from '../../../engine/metrics/paired-comparison';
import { Random } from '../../../engine/random';
import type { DomainReport, NetworkReport, Report } from '../../../engine/contract/report';
import type { NetworkInfo } from '../../../engine/contract/plan';
import { oldPlan } from '../../../engine/presentation/old-runs';

const options = { resamples: 200, confidence: 0.95, random: new Random(1, 'report') };

/** The networks of a run with one method. */
export const madeNetworks: NetworkInfo[] = oldPlan.networks.map((network) =>
  network.role === 'student' ? { ...network, name: 'gkd', stage: 'gkd' } : network,
);

/** Missed voxels of each network, one case an entry. */
type Misses = { role: 'source' | 'target' } & Record<
  'teacher' | 'warmup' | 'control' | 'gkd',
  number[]
>;

/**
 * A report whose predictions miss so many of the reference's 100 voxels, by domain and network, one case an entry;
 * its metrics are computed, not made up.
 */
export function madeReport(misses: Record<string, Misses>): Report {
  const domains = Object.entries(misses).map(([name, domain]): [string, DomainReport] => {
    const networks = Object.fromEntries(
      madeNetworks.map(({ name: network }) => {
        const cases = domain[network as keyof Misses & 'gkd'].map((missed, i) => {
          const reference = new Uint8Array(200).fill(1, 0, 100);
          const prediction = reference.map((v, p) => (p < missed ? 0 : v));
          return {
            id: `${name}${i + 1}`,
            classes: caseMetrics({ prediction, reference, fov: null, classes: ['liver'] }),
          };
        });
        const liver = cases.map((c) => c.classes['liver']);
        const summary = summarize(liver, 'case', options);
        return [
          network,
          { ...summary.metrics, threshold: 'argmax', classes: { liver: summary }, cases },
        ];
      }),
    ) as unknown as Record<string, NetworkReport>;
    const dice = (network: string) => networks[network].cases.map((c) => c.classes['liver'].dice);
    return [
      name,
      {
        role: domain.role,
        cases: domain.teacher.length,
        fov: 'none',
        networks,
        gain: {
          gkd: {
            warmup: comparePaired(dice('gkd'), dice('warmup'), options),
            control: comparePaired(dice('gkd'), dice('control'), options),
          },
        },
        files: {},
      },
    ];
  });
  const fsd = (value: number) => ({ value, n: 20, dims: 8 });
  return {
    meddistill: '0.1.0',
    seed: 3,
    device: { name: 'cpu', description: 'A processor', threads: 2 },
    classes: ['liver'],
    confidence: 0.95,
    networks: madeNetworks,
    parameters: { teacher: 2_000_000, student: 300_000 },
    seconds: { teacher: 60, warmup: 30, gkd: 45 },
    domains: Object.fromEntries(domains),
    fsd: {
      sourceToTarget: {
        mr: { teacher: fsd(0.1), warmup: fsd(0.4), control: fsd(0.3), gkd: fsd(0.2) },
      },
      teacherToStudent: { ct: { gkd: fsd(0.05) } },
    },
  };
}

/** Mean of a metric, for comparing. */
export const meanOf = (
  report: Report,
  domain: string,
  network: string,
  metric: MetricName,
): number => report.domains[domain].networks[network]![metric].mean!;
