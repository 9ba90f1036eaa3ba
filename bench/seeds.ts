/** How often what a comparison over seeds calls shown is not there: simulated differences without any effect. The table is in docs/results.md. */
import { seedsAndCasesBootstrap } from '../engine/metrics/hierarchical-bootstrap';
import { signedRankTest } from '../engine/metrics/paired-comparison';
import { mean } from '../engine/metrics/statistics';
import { meanOverSeeds } from '../engine/metrics/student-t';
import { Random } from '../engine/random';

const trials = 4000;
const options = { resamples: 400, confidence: 0.95 };
const percent = (count: number) => `${((100 * count) / trials).toFixed(1)}%`;

for (const [seeds, cases] of [
  [3, 10],
  [5, 10],
  [5, 30],
  [10, 20],
]) {
  const random = new Random(11, seeds, cases);
  const normals = (n: number) => Array.from({ length: n }, () => random.normal());
  const found = { both: 0, t: 0, shown: 0, one: 0 };
  const covers = (ci: readonly [number, number]) => Number(ci[0] <= 0 && ci[1] >= 0);
  for (let n = 0; n < trials; n++) {
    // A seed's own, a case's own and the rest vary alike.
    const ofCases = normals(cases);
    const rows = normals(seeds).map((own) => ofCases.map((c) => own + c + random.normal()));
    const maps = rows.map((row) => new Map(row.map((value, c) => [String(c), value])));
    const both = seedsAndCasesBootstrap(maps, { ...options, random })!;
    const t = meanOverSeeds(rows.map(mean), options.confidence);
    found.both += covers(both.ci);
    found.t += covers(t.ci!);
    found.shown += Number(Math.max(t.p!, both.p) < 0.05);
    found.one += Number(signedRankTest(rows[0]).p < 0.05);
  }
  const { both, t, shown, one } = found;
  console.log(`| ${[`${seeds}, ${cases}`, ...[both, t, shown, one].map(percent)].join(' | ')} |`);
}
