import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { loadConfig } from '../config/load';
import type { DeviceName, DistillConfig } from '../config/config';
import { casesOf, scanCohort } from '../data/cohort';
import { checkClasses, prepareCase, writePrediction, type PreparedResult } from '../data/prepare';
import { writeWhole } from '../data/write-volume';
import { UserError } from '../errors';
import { openDevice } from '../runtime/device';
import { segmentCase } from './evaluation';
import { networkNames, type NetworkName, type Report } from './report';
import { countWeights, evaluateNetworks, stageOf } from './run';
import { RunFolder, type RunRecord, type Weights } from './run-folder';
import { Segmenter } from './segmenter';

/** A run to work with after its training. */
export interface FinishedRun {
  folder: RunFolder;
  record: RunRecord;
  config: DistillConfig;
}

/** @throws UserError where the folder holds no run, or one whose distillation is not done */
export function openRun(path: string, device?: DeviceName): FinishedRun {
  const folder = new RunFolder(resolve(path));
  const record = folder.readRecord();
  if (record.stages.distill?.state !== 'finished')
    throw new UserError(
      `The run ${folder.path} has no distilled student yet: it is ${record.state}; meddistill run --resume goes on with it.`,
    );
  const text = readFileSync(join(folder.path, 'config.distill.jsonc'), 'utf8');
  const config = loadConfig(
    record.config,
    { variables: record.variables, seed: record.seed, out: folder.path, device },
    text,
  );
  return { folder, record, config };
}

/** The same networks and preprocessing, on the domains of another config. @throws UserError where its classes differ */
function withDomainsOf(config: DistillConfig, other: DistillConfig): DistillConfig {
  if (config.classes.join() !== other.classes.join())
    throw new UserError(
      `${other.file} has the classes ${other.classes.join(', ')}, but the run was trained for ${config.classes.join(', ')}; they must be the same.`,
    );
  return { ...config, domains: other.domains };
}

/**
 * Evaluates a run's networks again, on its own test cases or on domains of another config: its targets, and all cases that its split
 * leaves for testing. Nothing is written.
 */
export async function evaluateRun(
  run: FinishedRun,
  o: {
    other?: DistillConfig;
    domain?: string;
    onNetwork?: (network: string, domain: string) => void;
  },
): Promise<Report> {
  const { folder, record } = run;
  const all = o.other ? withDomainsOf(run.config, o.other) : run.config;
  if (o.domain !== undefined && !(o.domain in all.domains))
    throw new UserError(
      `There is no domain "${o.domain}"; there are ${Object.keys(all.domains).join(', ')}.`,
    );
  const prepare = async (config: DistillConfig, split: 'validation' | 'test', only?: string) => {
    const cohort = await scanCohort(config);
    const prepared: Record<string, PreparedResult[]> = {};
    for (const domain of Object.keys(config.domains)) {
      if (only !== undefined && domain !== only) continue;
      prepared[domain] = [];
      for (const item of casesOf(cohort, domain, split))
        prepared[domain].push(await prepareCase(config, item));
      if (split === 'test') checkClasses(config, domain, prepared[domain]);
    }
    return prepared;
  };
  // Distances start from the run's own source, and a threshold is chosen on it.
  const own = Object.entries(run.config.domains).filter(([, d]) => d.role === 'source');
  const domains = Object.fromEntries(
    Object.entries(all.domains).filter(([name]) => o.domain === undefined || name === o.domain),
  );
  const tests = await prepare(all, 'test', o.domain);
  const validation =
    run.config.evaluation.threshold === 'source'
      ? Object.values(
          await prepare({ ...run.config, domains: Object.fromEntries(own) }, 'validation'),
        ).flat()
      : [];
  const config = { ...all, domains };
  const device = await openDevice(config.device, config.threads);
  const networks: Partial<Record<NetworkName, Weights>> = {};
  for (const name of networkNames) networks[name] = await folder.readStageWeights(stageOf[name]);
  const began = performance.now();
  const result = await evaluateNetworks({
    config,
    networks,
    alignment: await folder.readStageWeights('act'),
    device,
    tests: (domain) => tests[domain],
    validation,
    folder: null,
    stopIfAsked: () => {},
    onNetwork: (network, domain) => o.onNetwork?.(network, domain),
  });
  return {
    meddistill: record.meddistill,
    seed: record.seed,
    device: { name: device.name, description: device.description, threads: device.threads },
    classes: config.classes,
    confidence: config.evaluation.confidence,
    parameters: {
      teacher: countWeights(config, 'teacher'),
      student: countWeights(config, 'student'),
    },
    seconds: { evaluate: (performance.now() - began) / 1000 },
    ...result,
  };
}

/**
 * Segments images with a run's teacher or student as `domain` prepares them (default: the first source), and writes their label maps
 * into `out` in each image's grid and format. Returns the files.
 */
export async function predict(
  { folder, config }: FinishedRun,
  images: readonly string[],
  o: { network: 'student' | 'teacher'; out: string; domain?: string },
): Promise<string[]> {
  const names = Object.keys(config.domains);
  const domain = o.domain ?? names.find((name) => config.domains[name].role === 'source')!;
  if (!names.includes(domain))
    throw new UserError(`There is no domain "${domain}"; there are ${names.join(', ')}.`);
  const device = await openDevice(config.device, config.threads);
  const weights = await folder.readStageWeights(stageOf[o.network]);
  const segmenter = await Segmenter.open(config, o.network, weights, device);
  try {
    const threshold = existsSync(folder.reportFile)
      ? (readReport(folder.path).domains[domain]?.networks[o.network]?.threshold ?? 'argmax')
      : 'argmax';
    const written: string[] = [];
    // Seen once, these are not worth their place.
    const uncached = { ...config, cache: { ...config.cache, gigabytes: 0 } };
    for (const image of images) {
      const path = resolve(image);
      const item = await prepareCase(uncached, {
        domain,
        id: basename(path),
        subject: basename(path),
        split: 'test',
        images: [path],
        labels: [],
        masks: [],
      });
      const { labels } = await segmentCase(config, segmenter, item, threshold);
      written.push(...(await writePrediction(item.geometry, labels, resolve(o.out))));
    }
    return written;
  } finally {
    await segmenter.release();
  }
}

/** @throws UserError where the run has no report yet, or a damaged one */
export function readReport(path: string): Report {
  const { reportFile } = new RunFolder(resolve(path));
  try {
    return JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  } catch (error) {
    throw new UserError(
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `${path} has no report.json; a run writes it when it has finished.`
        : `${reportFile} cannot be read: ${(error as Error).message}.`,
    );
  }
}

/** Writes a report of `evaluateRun` into the run's folder, under a name of its own. */
export async function writeEvaluation(
  { folder }: FinishedRun,
  name: string,
  report: Report,
): Promise<string> {
  const path = join(folder.path, 'evaluations', `${name}.json`);
  await writeWhole(path, `${JSON.stringify(report, null, 1)}\n`);
  return path;
}
