/** Has mutants first, first + 1, ... below end of a run's folder read by all that read one; says so before each, for whoever watches. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventsPlace, RunEvents } from '../../../../engine/contract/runs';
import { ConfigError, UserError } from '../../../../engine/errors';
import {
  diceChart,
  fsdChart,
  gradientChart,
  lossChart,
  vectorScatter,
} from '../../../../engine/presentation/charts';
import { chartSvg, inkFor } from '../../../../engine/presentation/svg';
import { History } from '../../../../engine/presentation/history';
import {
  describeProgress,
  secondsLeft,
  shareDone,
} from '../../../../engine/presentation/run-progress';
import { describeResult, describeResults } from '../../../../engine/presentation/report-summary';
import { formatReport, formatSeeds } from '../../../../engine/presentation/terminal';
import { Random } from '../../../../engine/random';
import { writeReport } from '../../../../engine/report/run-report';
import { openRun } from '../../../../engine/runs/finished-run';
import { RunFolder } from '../../../../engine/runs/run-folder';
import { runEvents, runHandlers } from '../../../../engine/server/runs';
import { runCases } from '../../../../engine/viewer/run-cases';
import { RunModel } from '../../../../extension/run-model';
import { madeNetworks } from '../../presentation/made-report';
import { makeRun } from '../../report/made-folder';
import { mutateBytes, mutateJson } from './mutate-json';

/** No mutant may take longer, in the processor's time. */
const longestMs = 8000;

type Counts = Record<string, { read: number; refused: number }>;

export interface Progress {
  /** The mutant that is read now, or the number of all of them at the end. */
  at: number;
  done?: { files: Counts; grownMb: number };
  failure?: string;
}

const [first, end] = process.argv.slice(2).map(Number);
const report = (progress: Progress) => process.send!(progress);
const folder = mkdtempSync(join(tmpdir(), 'meddistill-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const mutant = join(folder, 'mutant');
const sound = join(folder, 'sound');
makeRun(mutant, true);
makeRun(sound, true, 2);
// All that a record can hold.
const stage = { state: 'finished', hash: 'a', step: 40, steps: 40, seconds: 5 };
writeFileSync(
  join(mutant, 'run.json'),
  JSON.stringify({
    ...(JSON.parse(readFileSync(join(mutant, 'run.json'), 'utf8')) as object),
    since: '2026-11-20T08:00:00.000Z',
    ended: '2026-11-20T09:00:00.000Z',
    pid: 12,
    variables: { a: 'b' },
    plan: { stages: [{ name: 'gkd', title: 'GKD', steps: 40 }], networks: madeNetworks },
    stages: { teacher: stage, gkd: { ...stage, best: { step: 20, dice: 0.5 } } },
  }),
);
const snapshots = JSON.parse(
  JSON.stringify(
    [...new RunFolder(mutant).eventsInPieces()].flat().filter((e) => e.type === 'graphs'),
  ),
) as { file: string }[];
const graphs = snapshots.at(-1)!.file;
const originals: Record<string, string> = Object.fromEntries(
  ['run.json', 'report.json', 'metrics.jsonl', graphs].map((file) => [
    file,
    readFileSync(join(mutant, file), 'utf8'),
  ]),
);

function mutated(file: string, random: Random): Buffer {
  const original = originals[file];
  if (file !== 'metrics.jsonl') return mutateJson(original, random);
  if (random.chance(0.2)) return mutateBytes(Buffer.from(original), random);
  const lines = original.trimEnd().split('\n');
  lines.pop();
  const rows = [...lines];
  for (let n = 0; n <= random.integer(8); n++) {
    // The first rows are those that come once.
    const at = random.integer(random.chance(0.3) ? 8 : lines.length);
    rows.splice(at, random.integer(2), mutateJson(lines[at], random).toString('latin1'));
  }
  return Buffer.from(`${rows.join('\n')}\n`, 'latin1');
}

/** What is wrong with a refusal; null: nothing. It is one sentence that names the file. */
function faultOfRefusal(error: unknown): string | null {
  if (!(error instanceof UserError)) return (error as Error).stack ?? String(error);
  const { message } = error;
  // Of the config, which is another matter, the command line says the place.
  if (error instanceof ConfigError && error.place) return null;
  if (!message.includes(mutant)) return `names no file: ${message}`;
  if (!message.endsWith('.') || /[\p{Cc}\u2028]/u.test(message) || message.length > 1000)
    return `no sentence: ${message.slice(0, 300)}`;
  return null;
}

const ink = inkFor('light');

function drawAll(history: History): void {
  const charts = [
    diceChart(history, 'run'),
    fsdChart(history, 'run'),
    ...history.ordered.flatMap((stage) => [
      lossChart(history, stage, { smoothing: 0.6, log: true }),
      gradientChart(history, stage),
    ]),
  ];
  for (const chart of charts)
    if (chart.curves.length > 0) chartSvg(chart, { ink, width: 300, height: 200 });
}

/** All that the program does with what is in a run's folder, by what it does. */
const readers: Record<string, () => unknown> = {
  record: () => new RunFolder(mutant).readRecord(),
  rebuilt: () => new RunFolder(mutant).rebuiltRecord(),
  table: () => {
    const found = new RunFolder(mutant).readReport();
    return [formatReport(found), formatSeeds([found, new RunFolder(sound).readReport(), found])];
  },
  open: () => openRun(mutant),
  ...Object.fromEntries(
    ['html', 'md', 'csv', 'tex', 'json'].map((ending) => [
      `report as ${ending}`,
      () => writeReport(mutant, join(folder, `report.${ending}`)),
    ]),
  ),
  results: () => runHandlers.runResults({ run: mutant }, never),
  snapshot: async () =>
    vectorScatter(await runHandlers.runSnapshot({ run: mutant, file: graphs }, never)),
  cases: () => runCases(mutant),
  events: () => {
    const history = new History();
    let from: EventsPlace | null = null;
    for (let more = true; more;) {
      const found: RunEvents = structuredClone(runEvents(mutant, from));
      history.add(found.packet);
      shareDone(found.progress);
      secondsLeft(found.progress);
      describeProgress(found.progress);
      [from, more] = [found.next, found.more];
    }
    drawAll(history);
  },
  truncated: async () => {
    await new RunFolder(mutant).truncateLog('gkd', 20);
  },
};
const never = { isCancellationRequested: false } as never;

const ofReport = [
  'table',
  'report as html',
  'report as md',
  'report as csv',
  'report as tex',
  'report as json',
  'results',
  'cases',
];

/** What reads which file; all read the record first. */
const readersOf: Record<string, readonly string[]> = {
  'run.json': ['record', 'open', 'rebuilt', ...ofReport],
  'report.json': ofReport,
  'metrics.jsonl': ['events', 'rebuilt', 'truncated', 'report as html'],
  [graphs]: ['snapshot', 'report as html'],
};

/** What the views show of it. @throws where they could not */
async function look(run: RunModel): Promise<void> {
  run.accept(await run.look());
  new Date(run.record?.started ?? 0).toISOString();
  JSON.stringify([run.state, run.canResume, run.reason(), run.record]);
}

/** What is wrong with what is shown of the sound run beside the mutant; null: nothing. */
async function faultBeside(): Promise<string | null> {
  const runs = [mutant, sound].map((path) => new RunModel(path));
  for (const run of runs) await look(run);
  if (runs[1].state !== 'finished') return `the sound run is ${runs[1].state}`;
  const [mutants, own] = await runHandlers.runSummaries({ runs: [mutant, sound] }, never);
  for (const results of [mutants ?? [], own!]) {
    describeResults(results);
    results.map(describeResult);
  }
  if (own?.length !== 2) return 'the sound run has no numbers';
  const [numbers] = await runHandlers.compareRuns({ runs: [mutant, sound] }, never);
  if (!numbers.columns.at(-1)!.title.startsWith('sound')) return 'the sound run is not compared';
  if (!numbers.rows.some((row) => typeof row.at(-1)!.value === 'number'))
    return 'its numbers are gone';
  return null;
}

async function run(): Promise<void> {
  const warm = Object.keys(readers);
  for (const name of warm.filter((name) => name !== 'open')) await readers[name]();
  for (const [file, text] of Object.entries(originals)) writeFileSync(join(mutant, file), text);
  const before = process.resourceUsage().maxRSS;
  const files: Counts = {};
  const names = Object.keys(originals);
  for (let n = first; n < end; n++) {
    report({ at: n });
    const random = new Random('run mutant', n);
    const file = names[n % names.length];
    const counts = (files[file === graphs ? 'graphs' : file] ??= { read: 0, refused: 0 });
    writeFileSync(join(mutant, file), mutated(file, random));
    const began = process.cpuUsage();
    const faults: string[] = [];
    let refused = 0;
    for (const name of readersOf[names[n % names.length]])
      try {
        await readers[name]();
      } catch (error) {
        // The made run's config is none.
        if (name !== 'open') refused++;
        const fault = faultOfRefusal(error);
        if (fault !== null) faults.push(`${name}: ${fault}`);
      }
    if (refused > 0) counts.refused++;
    else counts.read++;
    try {
      const fault = await faultBeside();
      if (fault !== null) faults.push(fault);
    } catch (error) {
      faults.push(`views: ${(error as Error).stack}`);
    }
    const { user, system } = process.cpuUsage(began);
    const ms = (user + system) / 1000;
    if (ms > longestMs) faults.push(`took ${Math.round(ms)} ms`);
    for (const fault of faults) report({ at: n, failure: `mutant ${n} of ${file}: ${fault}` });
    writeFileSync(join(mutant, file), originals[file]);
    writeFileSync(join(mutant, 'metrics.jsonl'), originals['metrics.jsonl']);
  }
  report({
    at: end,
    done: { files, grownMb: Math.round((process.resourceUsage().maxRSS - before) / 1024) },
  });
}

void run();
