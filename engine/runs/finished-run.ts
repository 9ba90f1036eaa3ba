import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { casesOf, scanCohort } from '../cohort/cohort';
import type { DistillConfig } from '../config/config';
import type { NetworkInfo } from '../contract/plan';
import type { Report } from '../contract/report';
import type { RunRecord } from '../contract/run-record';
import { UserError } from '../errors';
import { segmentCase } from '../evaluation/evaluation';
import { evaluateNetworks, parametersOf } from '../evaluation/networks';
import { Segmenter } from '../evaluation/segmenter';
import { writeWhole } from '../files';
import { alignmentStageName } from '../method/gkd/alignment-stage';
import { recognize } from '../images/catalogue';
import { readStart } from '../images/file-start';
import { unreadFormat } from '../images/unread';
import { kindOf, studentsOf } from '../presentation/networks';
import { groupedWarnings } from '../preparation/grouped-warnings';
import { prepareCase } from '../preparation/prepare';
import { tryPredictionNames, writePrediction, type Named } from '../preparation/write-prediction';
import type { PreparedResult } from '../preparation/prepared-case';
import { openDevice } from '../runtime/device';
import type { Weights } from '../weights';
import { pathInside } from './inside';
import { domainsNamed, prepareDomains } from './prepared-domains';
import { alignmentWeights, shapesOf } from './reuse';
import { readRunConfig } from './run-config';
import { RunFolder } from './run-folder';

/** A run to work with after its training. */
export interface FinishedRun {
  folder: RunFolder;
  record: RunRecord;
  config: DistillConfig;
}

/** @throws UserError where the folder holds no run, or one whose students are not all there */
export function openRun(path: string, device?: DistillConfig['device']): FinishedRun {
  const folder = new RunFolder(resolve(path));
  const record = folder.readRecord();
  const missing = studentsOf(record.plan.networks).find(
    ({ stage }) => record.stages[stage]?.state !== 'finished',
  );
  if (missing)
    throw new UserError(
      `The run ${folder.path} has no distilled student yet: it is ${record.state}; meddistill run --resume goes on with it.`,
    );
  return { folder, record, config: readRunConfig(folder, device) };
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
    /** Called with what is unusual about the files, in sentences. */
    onWarning?: (sentence: string) => void;
  },
): Promise<Report> {
  const { folder, record } = run;
  const all = o.other ? withDomainsOf(run.config, o.other) : run.config;
  const domains = domainsNamed(all, o.domain);
  const cohort = await scanCohort(all, o.other !== undefined);
  const tests = await prepareDomains(
    all,
    Object.keys(domains),
    (name) => casesOf(cohort, name, 'test'),
    o.onWarning,
  );
  const validation =
    run.config.evaluation.threshold === 'source' ? await validationOf(run.config) : [];
  const config = { ...all, domains };
  const device = await openDevice(config.device, config.threads);
  const { networks } = record.plan;
  const weights = new Map<string, Weights>();
  for (const info of networks)
    weights.set(
      info.name,
      await folder.readStageWeights(info.stage, shapesOf(config, kindOf(info))),
    );
  const began = performance.now();
  const result = await evaluateNetworks({
    config,
    networks,
    weights,
    alignment: folder.hasStageWeights(alignmentStageName)
      ? await alignmentWeights(folder, config)
      : null,
    device,
    tests: (domain) => tests[domain],
    validation,
    output: null,
    stopIfAsked: () => {},
    onNetwork: (network, domain) => o.onNetwork?.(network, domain),
  });
  return {
    meddistill: record.meddistill,
    seed: record.seed,
    device: { name: device.name, description: device.description, threads: device.threads },
    classes: config.classes,
    confidence: config.evaluation.confidence,
    networks,
    parameters: parametersOf(config),
    seconds: { evaluate: (performance.now() - began) / 1000 },
    ...result,
  };
}

/** The source's validation cases, on which a threshold is chosen. */
async function validationOf(config: DistillConfig): Promise<PreparedResult[]> {
  const domains = Object.fromEntries(
    Object.entries(config.domains).filter(([, { role }]) => role === 'source'),
  );
  const own = { ...config, domains };
  const cohort = await scanCohort(own);
  const prepared: PreparedResult[] = [];
  for (const name of Object.keys(domains))
    for (const item of casesOf(cohort, name, 'validation'))
      prepared.push(await prepareCase(own, item));
  return prepared;
}

/** A run's network by its name; `student` is its first one. @throws UserError for a name that is none */
export function networkOf(record: RunRecord, name: string): NetworkInfo {
  const { networks } = record.plan;
  const found =
    networks.find((network) => network.name === name) ??
    (name === 'student' ? studentsOf(record.plan.networks)[0] : undefined);
  if (!found)
    throw new UserError(
      `There is no network "${name}" in this run; there are ${networks.map((network) => network.name).join(', ')}.`,
    );
  return found;
}

/**
 * Segments images with one of a run's networks as `domain` prepares them (default: the first source), and writes their label maps
 * into `out` in each image's grid and format. Returns the files. `series` and `frame` choose of the images as the domain's
 * settings do, and come before these.
 */
export async function predict(
  { folder, config, record }: FinishedRun,
  images: readonly string[],
  o: {
    network: string;
    out: string;
    domain?: string;
    series?: string;
    frame?: number;
    /** Called with what is unusual about an image, in a sentence. */
    onWarning?: (sentence: string) => void;
  },
): Promise<string[]> {
  const names = Object.keys(config.domains);
  const domain = o.domain ?? names.find((name) => config.domains[name].role === 'source')!;
  if (!names.includes(domain))
    throw new UserError(`There is no domain "${domain}"; there are ${names.join(', ')}.`);
  const network = networkOf(record, o.network);
  const kind = kindOf(network);
  const out = resolve(o.out);
  await tryPredictionNames(await Promise.all(images.map(namedAfter)), out);
  const device = await openDevice(config.device, config.threads);
  const weights = await folder.readStageWeights(network.stage, shapesOf(config, kind));
  const segmenter = await Segmenter.open(config, kind, weights, device);
  const said: Parameters<typeof groupedWarnings>[0][number][] = [];
  try {
    const threshold = existsSync(folder.file('report'))
      ? (folder.readReport().domains[domain]?.networks[network.name]?.threshold ?? 'argmax')
      : 'argmax';
    const written: string[] = [];
    // Seen once, these are not worth their place.
    const uncached = { ...config, cache: { ...config.cache, gigabytes: 0 } };
    const { series = config.domains[domain].series, frame = config.domains[domain].frame } = o;
    uncached.domains = {
      ...config.domains,
      [domain]: { ...config.domains[domain], series, frame },
    };
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
      said.push({ prepared: { case: item.prepared.case }, warnings: item.warnings });
      const { labels } = await segmentCase(config, segmenter, item, threshold);
      written.push(...(await writePrediction(item.geometry, labels, out)));
    }
    return written;
  } finally {
    groupedWarnings(said).forEach((sentence) => o.onWarning?.(sentence));
    await segmenter.release();
  }
}

/** An image as its prediction is named after it, as far as its beginning tells. @throws UserError where it cannot be read */
async function namedAfter(image: string): Promise<Named> {
  const path = resolve(image);
  const id = basename(path);
  const shape: [number, number, number] = [1, 1, 1];
  if ((await stat(path).catch(() => null))?.isDirectory())
    return { id, files: [{ path, format: 'dicom', shape }] };
  const start = await readStart(path);
  const format = recognize(path, start);
  if (!format) throw unreadFormat(path, start.head);
  return { id, files: [{ path, format: format.names[0], shape }] };
}

/** Writes a report of `evaluateRun` into the run's folder, under a name of its own. */
export async function writeEvaluation(
  { folder }: FinishedRun,
  name: string,
  report: Report,
): Promise<string> {
  const path = pathInside(folder.path, `evaluations/${name}.json`);
  await writeWhole(path, `${JSON.stringify(report, null, 1)}\n`);
  return path;
}
