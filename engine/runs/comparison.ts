import { applyEdits, modify } from 'jsonc-parser';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { scanCohort, casesOf } from '../cohort/cohort';
import { fingerprint } from '../cohort/fingerprint';
import type { DistillConfig } from '../config/config';
import { loadConfig, readConfigText, type LoadOptions } from '../config/load';
import type { ComparableMethod } from '../contract/comparison';
import type { ComparisonRecord } from '../contract/comparison-record';
import type { EngineEvent } from '../contract/events';
import type { RunRecord } from '../contract/run-record';
import { ConfigError, UserError } from '../errors';
import { unwritable, writeWhole } from '../files';
import { valueIn } from '../jsonc';
import {
  isSeveral,
  methodNamed,
  methods as catalogue,
  type StudentEntry,
} from '../method/catalogue';
import { joint } from '../method/composed';
import { stagesOf } from '../method/stages';
import { version } from '../version';
import { comparisonFiles, seedFolder } from './comparison-folder';
import { pathInside } from './inside';
import { runDistillation } from './run';
import { RunFolder } from './run-folder';
import { RunLock } from './run-lock';
import { stageHashes } from './stage-hash';

export interface ComparisonOptions {
  /** Of the config. */
  file: string;
  /** In place of the config's `methods`; null: those. */
  methods: readonly StudentEntry[] | null;
  seeds: readonly number[];
  /** Its folder; default: the config's `output.folder` and `-compare`. */
  out?: string;
  load: Pick<LoadOptions, 'variables' | 'device' | 'threads'>;
  signal: AbortSignal;
  /** Of the run of a seed. */
  onEvent: (event: EngineEvent) => void;
  /** Called as each seed begins; a finished one is not run again. */
  onSeed: (seed: number, state: 'started' | 'skipped') => void;
  /** Called where a seed failed; the others go on. */
  onFailure: (seed: number, reason: string) => void;
}

export interface ComparisonOutcome {
  state: 'finished' | 'cancelled';
  folder: string;
  /** Why seeds are not finished. */
  failures: Map<number, string>;
}

/**
 * A config run with several methods over several seeds, one run after the other, each in a folder of its own within the comparison's. What
 * is finished is not run again, what was stopped goes on, what students share is trained once a seed. A seed that fails does not keep
 * the others from being run.
 * @throws UserError, ConfigError where none can be run
 */
export async function runComparison(o: ComparisonOptions): Promise<ComparisonOutcome> {
  const { text, config } = comparedConfig(o.file, o.methods, o.load);
  const folder = resolve(o.out ?? `${config.output.folder}-compare`);
  const record: ComparisonRecord = {
    meddistill: version,
    config: config.file,
    variables: o.load.variables ?? {},
    methods: o.methods && [...o.methods],
    seeds: [...o.seeds],
    started: new Date().toISOString(),
  };
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw unwritable(folder, error);
  });
  const lock = await RunLock.take(folder);
  const failures = new Map<number, string>();
  try {
    await writeWhole(
      pathInside(folder, comparisonFiles.record),
      `${JSON.stringify(record, null, 2)}\n`,
    );
    for (const seed of o.seeds) {
      if (o.signal.aborted) return { state: 'cancelled', folder, failures };
      try {
        if ((await runSeed(o, folder, seed, text)) === 'cancelled')
          return { state: 'cancelled', folder, failures };
      } catch (error) {
        const { message } = error as Error;
        failures.set(seed, message);
        o.onFailure(seed, message);
      }
    }
    return { state: 'finished', folder, failures };
  } finally {
    await lock.release();
  }
}

async function runSeed(
  { file, load, signal, onEvent, onSeed }: ComparisonOptions,
  comparison: string,
  seed: number,
  text: string,
): Promise<'finished' | 'cancelled'> {
  const out = seedFolder(comparison, seed);
  const config = loadConfig(file, { ...load, seed, out }, text);
  const variables = load.variables ?? {};
  if (await isFinished(config, text, variables)) {
    onSeed(seed, 'skipped');
    return 'finished';
  }
  onSeed(seed, 'started');
  const { state } = await runDistillation({
    config,
    text,
    variables,
    resume: true,
    estimate: false,
    signal,
    onEvent,
    // Runs of the same config.
    alsoBeside: [dirname(comparison)],
  });
  return state;
}

/**
 * The config's text with other methods and with the control, and what it says. A method may be named as a student of the config is: then
 * it is that entry with its options.
 * @throws ConfigError
 */
export function comparedConfig(
  file: string,
  methods: readonly StudentEntry[] | null,
  options: LoadOptions,
  given: string = readConfigText(file),
): { text: string; config: DistillConfig } {
  const config = loadConfig(file, options, given);
  const own = (valueIn(given) as { methods?: StudentEntry[] }).methods ?? [];
  let text = given;
  const set = (setting: string, value: unknown) =>
    (text = applyEdits(
      text,
      modify(text, [setting], value, {
        formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' },
      }),
    ));
  if (methods)
    set(
      'methods',
      methods.map((entry) =>
        typeof entry === 'string'
          ? (own.find((it) => nameOf(it) === entry) ?? partsOf(entry))
          : entry,
      ),
    );
  if (!config.baselines.includes('control')) set('baselines', [...config.baselines, 'control']);
  try {
    return { text, config: loadConfig(file, options, text) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // The place is one of a text that nobody has seen.
    throw new ConfigError(`The methods to compare do not fit the config: ${error.message}`);
  }
}

/** What the student of an entry is called. */
const nameOf = (entry: StudentEntry): string => {
  if (typeof entry === 'string') return entry;
  return isSeveral(entry) ? entry.map(nameOf).join(joint) : (entry.name ?? entry.method);
};

/** `gkd+kd` is a student that learns by both. */
const partsOf = (name: string): StudentEntry => (name.includes(joint) ? name.split(joint) : name);

/** The methods that a config's comparison can have: its own students, then the rest of the catalogue with default options. @throws ConfigError */
export function comparableMethods(
  file: string,
  text: string,
  options: LoadOptions,
): ComparableMethod[] {
  const { methods: own } = loadConfig(file, options, text);
  const taken = new Set(own.map(({ name }) => name));
  const others = catalogue.filter(({ name }) => !taken.has(name));
  return [
    ...own.map(({ name, method }) => ({ name, method, isOwn: true })),
    ...others.map(({ name }) => ({ name, method: name, isOwn: false })),
  ].map(({ name, method, isOwn }) => {
    const { config } = comparedConfig(file, [name], options, text);
    const shared = ['teacher', 'warmup', ...config.baselines];
    const { title, summary } = methodNamed(method);
    return {
      name,
      title: name === method ? title : `${title} (${name})`,
      summary,
      isOwn,
      stages: stagesOf(config)
        .filter((stage) => !shared.includes(stage.name))
        .map((stage) => ({ title: stage.title, steps: stage.steps })),
    };
  });
}

/** Methods from a command line: names with commas between them, or a list as in a config. @throws UserError */
export function parseMethods(text: string): StudentEntry[] {
  if (!text.trimStart().startsWith('[')) {
    const names = text.split(',').map((name) => name.trim());
    if (names.some((name) => name === ''))
      throw new UserError(
        `"${text}" is no list of methods with commas between them; there are ${catalogue.map(({ name }) => name).join(', ')}.`,
      );
    return names;
  }
  const value = valueIn(text);
  if (!Array.isArray(value) || value.length === 0)
    throw new UserError(`"${text}" is no list as that of "methods" in a config.`);
  return value as StudentEntry[];
}

/** Whether a run's folder holds what the config asks for, from the files as they are now. */
async function isFinished(
  config: DistillConfig,
  text: string,
  variables: Record<string, string>,
): Promise<boolean> {
  const folder = new RunFolder(config.output.folder);
  if (!folder.exists() || !existsSync(folder.file('report'))) return false;
  let record: RunRecord;
  try {
    record = folder.readRecord();
    folder.readReport();
    if (folder.readConfigText() !== text) return false;
  } catch (error) {
    // A damaged run is mended by running it.
    if (error instanceof UserError) return false;
    throw error;
  }
  if (
    record.state !== 'finished' ||
    record.ended === undefined ||
    record.seed !== config.training.seed ||
    JSON.stringify(record.variables) !== JSON.stringify(variables)
  )
    return false;
  const cohort = await scanCohort(config);
  // How many steps a stage takes that is to last as long as others was found by the clock.
  const stages = stagesOf(config).map((stage) =>
    stage.atLeastAsLongAs
      ? { ...stage, steps: record.stages[stage.name]?.steps ?? stage.steps }
      : stage,
  );
  const hashes = await stageHashes(config, cohort, stages);
  for (const [name, hash] of hashes) {
    const stage = record.stages[name];
    if (stage?.state !== 'finished' || stage.hash !== hash) return false;
  }
  // Of the test cases no hash is kept.
  const ended = Date.parse(record.ended);
  for (const domain of Object.keys(config.domains))
    for (const { images, labels, masks } of casesOf(cohort, domain, 'test'))
      for (const path of [...images, ...labels, ...masks])
        for (const [, size, changed] of await fingerprint(path))
          if (size < 0 || changed > ended) return false;
  return true;
}
