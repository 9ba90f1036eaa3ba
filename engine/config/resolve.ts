import { basename, join, resolve } from 'node:path';
import type { TObject } from 'typebox';
import type { ConfigPath } from '../contract/config';
import {
  isOnnxFile,
  networkForms,
  type NetworkConfig,
  type TeacherConfig,
} from '../networks/catalogue';
import {
  isSeveral,
  methodForms,
  methodNamed,
  type MethodEntry,
  type StudentEntry,
} from '../method/catalogue';
import { joint } from '../method/composed';
import type { MethodOptions } from '../method/options';
import type { StudentConfig } from '../method/setup';
import { anyOf } from '../options';
import { claheOptions } from '../preparation/clahe';
import { trainingOptions } from '../training/options';
import type { DistillConfig, DomainConfig, TrainingConfig } from './config';
import { fill } from './defaults';
import type { DeviceName } from '../runtime/catalogue';
import { domainOptions, type Domain } from './domain';
import { fault, type Fault } from './fault';
import type { Distillation } from './file';
import { absolutePath } from './variables';

export interface LoadOptions {
  /** Values of `${name}`, before those of the environment and of the file. */
  variables?: Record<string, string>;
  seed?: number;
  device?: DeviceName;
  threads?: number;
  /** True where only the domains are used, to evaluate a run on them: none of them need be a source. */
  onlyDomains?: boolean;
  /** The run's folder; default: the config's `output.folder`. */
  out?: string;
}

/** From the file's form, with defaults filled in, to the engine's; the faults are variables without a value. */
export function resolveConfig(
  filled: Distillation,
  file: string,
  options: LoadOptions,
): { config: DistillConfig; faults: Fault[] } {
  const faults: Fault[] = [];
  const variables = { given: options.variables, own: filled.variables };
  const absolute = (text: string, where: ConfigPath): string =>
    absolutePath(text, file, variables, (name) =>
      faults.push(
        fault(where, `"\${${name}}" has no value; give it in "variables" or by --set ${name}=...`),
      ),
    );
  const network = (
    role: 'teacher' | 'student',
    given: NetworkConfig['network'] | NetworkConfig,
  ): NetworkConfig => {
    const config = typeof given === 'string' ? fill({ network: given }, networkObject) : given;
    return config.weights === undefined
      ? config
      : { ...config, weights: absolute(config.weights, [role, 'weights']) };
  };
  const teacher = (given: typeof filled.teacher): TeacherConfig =>
    typeof given !== 'string' && isOnnxFile(given)
      ? { ...given, file: absolute(given.file, ['teacher', 'file']) }
      : network('teacher', given);
  const { size } = filled.input;
  const config: DistillConfig = {
    ...filled,
    file,
    domains: Object.fromEntries(
      Object.entries(filled.domains).map(([name, domain]) => [
        name,
        resolveDomain(domain, filled.classes, (text, field) =>
          absolute(text, ['domains', name, field]),
        ),
      ]),
    ),
    input: { ...filled.input, size: typeof size === 'number' ? [size, size] : size },
    teacher: teacher(filled.teacher),
    student: network('student', filled.student),
    methods: resolveStudents(filled.methods, filled.method),
    training: resolveTraining(filled.training, options.seed),
    device: options.device ?? filled.device,
    threads: options.threads ?? filled.threads,
    output: {
      ...filled.output,
      folder: options.out
        ? resolve(options.out)
        : absolute(filled.output.folder ?? defaultFolder(file), ['output', 'folder']),
    },
    cache: {
      ...filled.cache,
      folder: absolute(filled.cache.folder ?? join('runs', '.cache'), ['cache', 'folder']),
    },
  };
  return { config, faults };
}

const networkObject = anyOf(networkForms);
const methodObject = anyOf(methodForms);

/** The students of a config; `shared` is the setting `method`. */
const resolveStudents = (
  entries: readonly StudentEntry[],
  shared: MethodOptions,
): StudentConfig[] =>
  entries.map((entry) => {
    if (!isSeveral(entry)) return resolveMethod(entry, shared);
    const parts = entry.map((part) => resolveMethod(part, shared));
    return {
      name: parts.map(({ name }) => name).join(joint),
      method: parts.map(({ method }) => method).join(joint),
      options: { parts: parts.map(({ options }) => options) },
    };
  });

function resolveMethod(entry: MethodEntry, shared: MethodOptions): StudentConfig {
  const filled = typeof entry === 'string' ? fill({ method: entry }, methodObject) : entry;
  const { method: name, name: own = name, ...given } = filled;
  const method = methodNamed(name);
  return { name: own, method: name, options: { ...(method.complete?.(given, shared) ?? given) } };
}

const defaultFolder = (file: string) =>
  join('runs', basename(file).replace(/(\.distill)?\.jsonc?$/, ''));

function resolveDomain(
  domain: Domain,
  classes: readonly string[],
  absolute: (text: string, field: string) => string,
): DomainConfig {
  const { images, labels, masks, clahe, values = {} } = domain;
  return ordered(domainOptions, {
    ...domain,
    images: absolute(images, 'images'),
    labels: absolute(labels, 'labels'),
    masks: masks === undefined ? undefined : absolute(masks, 'masks'),
    values: Object.fromEntries(
      classes.map((name, i) => [name, Object.hasOwn(values, name) ? values[name] : i + 1]),
    ),
    clahe: clahe === true ? fill({}, claheOptions) : clahe === false ? null : clahe,
    fov: domain.fov ?? (masks === undefined ? 'none' : 'provided'),
    split: domain.role === 'target' ? { train: 0, validation: 0, test: 1 } : domain.split,
  });
}

function resolveTraining(training: Distillation['training'], seed?: number): TrainingConfig {
  const { budget, batchSize, accumulate, learningRate, stages, ...same } = training;
  type Stage = (typeof stages)['teacher'];
  const stage = ({ steps, ...own }: Stage) => ({
    steps: Math.max(1, Math.round(steps * budget)),
    batchSize: own.batchSize ?? batchSize,
    // Not there where it changes nothing: checkpoints and hashes of stages are then those of versions without it.
    ...((own.accumulate ?? accumulate) > 1 ? { accumulate: own.accumulate ?? accumulate } : {}),
    learningRate: own.learningRate ?? learningRate,
  });
  return ordered(trainingOptions, {
    ...same,
    seed: seed ?? training.seed,
    stages: {
      teacher: stage(stages.teacher),
      warmup: stage(stages.warmup),
      psae: stage(stages.psae),
      act: stage(stages.act),
      distill: stage(stages.distill),
    },
  });
}

/** With the settings that there are in the schema's order: hashes of stages depend on it. */
const ordered = <T extends object>({ properties }: TObject, value: T): T =>
  Object.fromEntries(
    Object.keys(properties)
      .map((name) => [name, value[name as keyof T]] as const)
      .filter(([, own]) => own !== undefined),
  ) as T;
