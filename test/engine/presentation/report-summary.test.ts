import assert from 'node:assert/strict';
import type { Report } from '../../../engine/contract/report';
import { upgradedReport } from '../../../engine/presentation/old-runs';
import {
  describeResults,
  describeResult,
  summarizeReport,
} from '../../../engine/presentation/report-summary';

const network = (mean: number | null) => ({ dice: { mean } });
const report = upgradedReport({
  domains: {
    ct: { role: 'source', networks: { student: network(0.9), warmup: network(0.8) } },
    mr: {
      role: 'target',
      networks: { teacher: network(0.7), student: network(0.412), warmup: network(0.5) },
    },
  },
  fsd: { sourceToTarget: { mr: { student: { value: 0.25 } } } },
} as unknown as Report);

describe("a report's key numbers", () => {
  it('are those of the targets first, with what distillation gained', () => {
    const [mr, ct] = summarizeReport(report);
    assert.deepEqual([mr.domain, ct.domain], ['mr', 'ct']);
    assert.ok(Math.abs(mr.gain! + 0.088) < 1e-12);
    assert.equal(mr.fsd, 0.25);
    assert.equal(ct.fsd, null);
    assert.equal(describeResult(mr), 'mr 0.412 (−0.088)');
    assert.equal(describeResult(ct), 'ct 0.900 (+0.100)');
    assert.equal(
      describeResults(summarizeReport(report)),
      'Dice on mr 0.412 (warm-up 0.500, teacher 0.700), Dice on ct 0.900 (warm-up 0.800, teacher -)',
    );
  });

  it('are left open where a report lacks them', () => {
    const partial = {
      domains: { mr: { role: 'target', networks: { student: network(null) } } },
    } as unknown as Report;
    const [mr] = summarizeReport(upgradedReport(partial));
    assert.deepEqual([mr.gain, mr.fsd], [null, null]);
    assert.equal(describeResult(mr), 'mr -');
  });
});
