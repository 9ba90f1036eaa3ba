/** Writes a run that goes on into a folder, and the lines that its engine would add to it later. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeRun, runningRecord } from '../engine/report/made-folder';
import { madeRun } from '../engine/presentation/run-events';

const [folder, pid] = process.argv.slice(2);
makeRun(folder, false);
writeFileSync(join(folder, 'run.json'), JSON.stringify(runningRecord(Number(pid))));
const later = madeRun({ steps: 40, every: 10 }).events.slice(120, 150);
writeFileSync(
  join(folder, 'metrics.jsonl'),
  madeRun({ steps: 40, every: 10, until: 120 })
    .events.map((e) => `${JSON.stringify(e)}\n`)
    .join(''),
);
writeFileSync(join(folder, 'later.jsonl'), later.map((e) => `${JSON.stringify(e)}\n`).join(''));
