import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UserError } from '../../../engine/errors';
import { score } from '../../../engine/evaluation/score';
import { inspect } from '../../../engine/images/inspect';
import { runCommand } from '../command-line';
import { runTiny, tinyRunConfig, writeConfig, writeTinyCohort } from '../runs/tiny-cohort';
import { realData } from './shared';

/**
 * Small inputs of kinds that were once read wrongly, each in a folder of its own with what other libraries make of it in
 * `expected.json`. A folder is tested from the day on which its name stands here, with every entry that it has.
 */
const cases = [
  'alignment-warnings',
  'jpeg-exif-rotation',
  'jpeg-rgb-components',
  'label-4d-onehot',
  'label-scaled-int16',
  'png-interlaced-bits',
  'png-palette-labels',
  'probabilities-nan',
  'tiff-kinds',
  'tiff-multipage',
];

/** What is expected: numbers and texts by name, and whether something is said or refused. */
type Expected = Record<string, unknown>;

/** What came of an entry. */
interface Outcome {
  values: Record<string, unknown>;
  warnings: string[];
  /** The sentence with which it was refused. */
  refused?: string;
}

const folder = resolve(realData, '../cases');

describe('small files of known kinds', function () {
  this.timeout(300_000);
  let work = '';
  let trained: Promise<string> | null = null;
  before(async () => {
    work = await mkdtemp(join(tmpdir(), 'meddistill-cases-'));
  });
  after(() => rm(work, { recursive: true, force: true }));

  /** A run to predict with, trained once, where an entry needs it. */
  const run = () =>
    (trained ??= (async () => {
      const out = join(work, 'run');
      await runTiny(await writeTinyCohort(work), out);
      return out;
    })());

  /** A command of a run, with what it said on stderr and in its JSON. */
  async function command(args: string[]): Promise<Outcome> {
    const { code, stdout, stderr } = await runCommand([...args, '--json']);
    if (code !== 0) return { values: {}, warnings: [], refused: stderr };
    const values = JSON.parse(stdout) as { warnings: string[] };
    for (const said of values.warnings) assert.ok(stderr.includes(said), `not on stderr: ${said}`);
    return { values, warnings: values.warnings };
  }

  const actions: Record<string, (path: string, words: string[]) => Promise<Outcome>> = {
    inspect: async (path) => {
      const found = await inspect(path);
      return { values: { ...found }, warnings: found.warnings ?? [] };
    },
    score: async (path, [, label]) => {
      const found = await score({
        prediction: named(path, 'prediction'),
        reference: named(path, 'reference'),
        ...(label !== undefined && { label: Number(label) }),
      });
      return { values: { ...found }, warnings: found.warnings };
    },
    predict: async (path, [what]) =>
      command([
        'predict',
        await run(),
        what ? join(path, what) : named(path, 'image'),
        '--out',
        join(work, 'predictions'),
      ]),
    evaluate: async (path, [what = '']) => {
      const own = join(path, what);
      const label = existsSync(join(own, 'label.nii.gz')) ? 'label' : 'reference';
      const config = tinyRunConfig();
      const pattern = (file: string) => join(own, '..', `{case:${own.split('/').at(-1)}}`, file);
      config.domains = {
        case: {
          role: 'target',
          images: pattern('image.nii.gz'),
          labels: pattern(`${label}.nii.gz`),
          intensity: { normalize: 'percentile' },
        },
      };
      const file = await writeConfig(join(work, 'evaluate'), config);
      return command(['evaluate', await run(), '--config', file]);
    },
  };

  for (const name of cases)
    it(name, async function () {
      const path = join(folder, name);
      if (!existsSync(path)) {
        console.log(`      skipped: ${path} is not there`);
        return this.skip();
      }
      const entries = JSON.parse(readFileSync(join(path, 'expected.json'), 'utf8')) as Record<
        string,
        Expected
      >;
      for (const [entry, expected] of Object.entries(entries)) {
        const [action, ...words] = entry.split(' ');
        if (action in actions) agrees(entry, expected, await outcome(actions[action](path, words)));
        else {
          const { inspect: described = {}, ...further } = expected as { inspect?: Expected };
          const found = await outcome(actions['inspect'](join(path, entry), words));
          agrees(entry, { ...described, ...further }, found);
        }
      }
    });
});

/** The only file of this name, whatever its ending. */
function named(path: string, stem: string): string {
  const [file, ...others] = readdirSync(path).filter((name) => name.startsWith(`${stem}.`));
  assert.ok(file && others.length === 0, `${path} has not one ${stem}`);
  return join(path, file);
}

/** A refusal is an outcome too; any other failure is none. */
const outcome = (found: Promise<Outcome>): Promise<Outcome> =>
  found.catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    return { values: {}, warnings: [], refused: error.message };
  });

/** Every number to the digits that are given. */
function agrees(entry: string, expected: Expected, { values, warnings, refused }: Outcome): void {
  const { warns, exit, exitOrWarns, orExit, orWarns, tolerance = 1e-6, ...rest } = expected;
  if (exit !== undefined) {
    assert.ok(refused, `${entry} is not refused`);
    return;
  }
  if (refused !== undefined) {
    assert.ok(exitOrWarns || orExit, `${entry} is refused: ${refused}`);
    return;
  }
  if (warns || exitOrWarns) assert.ok(warnings.length > 0, `${entry}: nothing is said`);
  for (const [key, value] of Object.entries(rest)) {
    if (orWarns && warnings.length > 0 && key === 'shape') continue;
    near(`${entry}: ${key}`, values[key], value, tolerance as number);
  }
}

function near(what: string, found: unknown, expected: unknown, tolerance: number): void {
  if (Array.isArray(expected)) {
    assert.equal((found as unknown[])?.length, expected.length, what);
    expected.forEach((value, n) => near(what, (found as unknown[])[n], value, tolerance));
  } else if (typeof expected === 'number')
    assert.ok(
      Math.abs((found as number) - expected) <= tolerance,
      `${what} is ${String(found)}, not ${expected}`,
    );
  else assert.deepEqual(found, expected, what);
}
