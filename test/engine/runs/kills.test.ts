import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineEvent, TimedEvent } from '../../../engine/contract/events';
import { Random } from '../../../engine/random';
import { runCommand, startCommand } from '../command-line';
import { withFolder } from '../images/shared';
import { tinyRunConfig, writeTinyCohort } from './tiny-cohort';

const fewest = 60;
/** Runs at the same time. */
const atOnce = 2;
/** How often a run is killed at most in one part. */
const killsOfAPart = 3;

const stages = ['teacher', 'warmup', 'psae', 'act', 'gkd', 'control-steps', 'evaluate'];
/** Parts of a run that follow each other: from its process's start to the device that it opens, then its stages. */
const parts = ['start', ...stages];

/** With a checkpoint at every second step: writing one is where a kill can do harm. */
const config = () => {
  const tiny = tinyRunConfig();
  tiny.training['checkpointEvery'] = 2;
  return tiny;
};

const command = (file: string, run: string) => ['run', file, '--out', run, '--json', '--resume'];

/** The part that is over with an event. */
const partThatEnds = (event: EngineEvent): string | null =>
  event.type === 'device'
    ? 'start'
    : event.type === 'stage' && (event.state === 'finished' || event.state === 'skipped')
      ? event.stage
      : null;

/** How long each part took, in ms, of a run that nobody stopped. */
async function wholeRun(file: string, run: string): Promise<Map<string, number>> {
  const durations = new Map<string, number>();
  let before = performance.now();
  const { code, stderr } = await runCommand(command(file, run), (line) => {
    const part = partThatEnds(JSON.parse(line) as EngineEvent);
    if (part === null) return;
    durations.set(part, performance.now() - before);
    before = performance.now();
  });
  assert.equal(code, 0, stderr);
  return durations;
}

/**
 * Goes on with a run and kills it so many ms after a part has begun, whether that part is still at work or not. Returns the part that
 * was at work; null where the run had ended by itself.
 */
function killedIn(
  part: string,
  milliseconds: number,
  file: string,
  run: string,
): Promise<string | null> {
  return new Promise((done, fail) => {
    const child = startCommand(command(file, run));
    let [at, rest, said] = [0, '', ''];
    const killWhereBegun = () => {
      if (parts[at] === part) setTimeout(() => child.kill('SIGKILL'), milliseconds);
    };
    killWhereBegun();
    child.stdout!.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      for (const line of lines)
        if (partThatEnds(JSON.parse(line) as EngineEvent) === parts[at]) {
          at++;
          killWhereBegun();
        }
    });
    child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', fail);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') done(parts[Math.min(at, parts.length - 1)]);
      else if (code === 0) done(null);
      else fail(new Error(`resumed in ${part} it ended with ${code}: ${said}`));
    });
  });
}

/** SHA-256 of everything that a run leaves as its result, by its path in the run's folder. */
function results(run: string): Record<string, string> {
  const of = (name: string) => readdirSync(join(run, name), { recursive: true, encoding: 'utf8' });
  const files = [
    ...['weights', 'predictions'].flatMap((name) => of(name).map((file) => join(name, file))),
    'student.onnx',
    'cases.csv',
  ].filter((file) => statSync(join(run, file)).isFile());
  return Object.fromEntries(
    files.sort().map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(run, file)))
        .digest('hex'),
    ]),
  );
}

/** The losses of each step as the run's log has them. */
const losses = (run: string): string[] =>
  readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TimedEvent)
    .flatMap((e) =>
      e.type === 'step' ? [`${e.stage} ${e.step} ${JSON.stringify(e.losses)}`] : [],
    );

/** Kills a run in each of its parts in turn, then lets it end; where each kill fell. */
async function killedRun(
  n: number,
  durations: Map<string, number>,
  file: string,
  run: string,
): Promise<string[]> {
  const kills: string[] = [];
  for (let at = 0; at < parts.length; at++)
    for (let kill = 0; kill < killsOfAPart; kill++) {
      const part = parts[at];
      const share = new Random('kill', n, part, kill).uniform();
      const found = await killedIn(part, share * durations.get(part)!, file, run);
      if (found === null) break;
      kills.push(found);
      // A part that has ended is passed over from now on.
      if (found !== part) at = Math.max(at, parts.indexOf(found) - 1);
      if (found !== part) break;
    }
  const last = await runCommand(command(file, run));
  assert.equal(last.code, 0, last.stderr);
  return kills;
}

describe('runs that are killed at random', function () {
  this.timeout(20 * 60_000);

  it(`${fewest} times or more in all, and resumed each time, leave what a run leaves that nobody stopped, bit for bit`, () =>
    withFolder(async (folder) => {
      const file = await writeTinyCohort(folder, config());
      // Each in a folder of its own, so that none takes stages of another.
      const whole = join(folder, 'whole/run');
      const durations = await wholeRun(file, whole);
      assert.deepEqual([...durations.keys()], parts);
      const expected = results(whole);

      const kills: string[] = [];
      let runs = 0;
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          while (kills.length < fewest) {
            const n = runs++;
            const run = join(folder, `killed-${n}/run`);
            kills.push(...(await killedRun(n, durations, file, run)));
            assert.deepEqual(results(run), expected, `run ${n}`);
            assert.deepEqual(losses(run), losses(whole), `run ${n}`);
          }
        }),
      );
      const count = (part: string) => kills.filter((found) => found === part).length;
      const tally = parts.map((part) => `${part} ${count(part)}`).join(', ');
      console.log(`      ${kills.length} kills (${tally}), ${runs} runs of equal results`);
      for (const part of parts) assert.ok(count(part) > 0, `no kill in ${part}`);
    }));
});
