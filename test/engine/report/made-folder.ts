import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeReport } from '../presentation/made-report';
import { madeRun } from '../presentation/run-events';

const record = {
  meddistill: '0.1.0',
  state: 'finished',
  config: '/demo/a.distill.jsonc',
  variables: {},
  seed: 3,
  started: '2026-11-20T08:00:00.000Z',
  device: { name: 'cpu', description: 'A processor', threads: 2 },
  versions: { 'onnxruntime-node': '1.30.0' },
  stages: {},
};
export const config = '{ "classes": ["liver"] /* <script>alert(1)</script> */ }\n';

/** A run's folder as the engine leaves it, its last line cut short. */
export function makeRun(folder: string, finished: boolean, seed = 1): void {
  const { events, graphs } = madeRun({
    steps: 40,
    every: 10,
    seed,
    until: finished ? undefined : 120,
  });
  mkdirSync(join(folder, 'graphs'), { recursive: true });
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...record, seed }));
  writeFileSync(join(folder, 'config.distill.jsonc'), config);
  writeFileSync(
    join(folder, 'metrics.jsonl'),
    `${events.map((e) => JSON.stringify(e)).join('\n')}\n{"type":"step","cut sho`,
  );
  for (const [file, snapshot] of Object.entries(graphs))
    writeFileSync(join(folder, file), JSON.stringify(snapshot));
  if (!finished) return;
  const report = madeReport({
    ct: { role: 'source', teacher: [2], warmup: [10], control: [9], gkd: [10] },
    mr: {
      role: 'target',
      teacher: [20, 24],
      warmup: [60, 50],
      control: [58, 50],
      gkd: [40, 45],
    },
  });
  writeFileSync(join(folder, 'report.json'), JSON.stringify(report));
}

/** The record of a run at which a process works. */
export const runningRecord = (pid: number) => ({
  ...record,
  state: 'running',
  pid,
  started: new Date().toISOString(),
});
