import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
import { readFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import {
  findNodeAtLocation,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import { ConfigError } from '../errors';
import { architectureOf } from '../networks/network';
import type {
  DeviceName,
  DistillConfig,
  DomainConfig,
  LabelValue,
  NetworkConfig,
  StageName,
} from './config';
import schema from './distill.schema.json';
import type { Distillation, Domain } from './file';

export interface LoadOptions {
  /** Values of `${name}`, before those of the environment and of the file. */
  variables?: Record<string, string>;
  seed?: number;
  device?: DeviceName;
  threads?: number;
  /** The run's folder; default: the config's `output.folder`. */
  out?: string;
}

/** What a config file is called. */
export const configSuffix = '.distill.jsonc';

/** The text of a config file. @throws ConfigError where it cannot be read */
export function readConfigText(file: string): string {
  const path = resolve(file);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `There is no config file ${path}.`
        : `The config file ${path} cannot be read: ${(error as Error).message}.`,
    );
  }
}

/**
 * Reads a config file and fills in every default of the schema. `text` is taken for its content where it is given.
 * @throws ConfigError for the first thing that is wrong, with its place and the number of further ones
 */
export function loadConfig(
  file: string,
  options: LoadOptions = {},
  text: string = readConfigText(file),
): DistillConfig {
  const { config, errors } = parseConfig(text, resolve(file), options);
  if (config && errors.length === 0) return config;
  const [first] = errors;
  const more = errors.length - 1;
  throw new ConfigError(
    first.message + (more > 0 ? ` (and ${more} more ${more === 1 ? 'fault' : 'faults'})` : ''),
    first.place,
  );
}

/** Everything that is wrong with a config's text, as far as can be said without looking at its files. */
export function validateConfig(text: string, file: string): ConfigError[] {
  return parseConfig(text, file).errors;
}

type Path = (string | number)[];

/**
 * A config from its text, and everything that is wrong with it. Where the text fits the schema there is a config, also
 * with errors: editors go on with what is right in it.
 */
export function parseConfig(
  text: string,
  file: string,
  options: LoadOptions = {},
): { config: DistillConfig | null; errors: ConfigError[] } {
  const faults: ParseError[] = [];
  const tree = parseTree(text, faults, { allowTrailingComma: true });
  const at = (offset: number, path: Path) => {
    const before = text.slice(0, offset).split('\n');
    return {
      file,
      line: before.length,
      column: before.at(-1)!.length + 1,
      path: path.join('.'),
    };
  };
  if (faults.length || !tree)
    return {
      config: null,
      errors: [
        new ConfigError(
          `${basename(file)} is not JSON with comments: ${faults.length ? syntaxFault(faults[0]) : 'it is empty'}.`,
          at(faults[0]?.offset ?? 0, []),
        ),
      ],
    };
  const errors: ConfigError[] = [];
  const report = (path: Path, message: string) => {
    // A field that is not there has its object's place.
    let node = tree;
    for (const part of path) {
      // A field's name may look like a number.
      const inner = findNodeAtLocation(node, [node.type === 'object' ? String(part) : part]);
      if (!inner) break;
      node = inner;
    }
    const where = path.length ? `${path.join('.')}: ` : '';
    errors.push(new ConfigError(`${where}${message}`, at(node.offset, path)));
  };
  const value = valueOf(tree);
  checkSchema(value, report);
  if (errors.length) return { config: null, errors };
  const config = resolveConfig(value as Distillation, file, options, report);
  checkMeaning(config, value as Distillation, report);
  return { config, errors };
}

/** What a parser's fault means, by its name. */
const syntaxFaults: Record<string, string> = {
  ValueExpected: 'a value is missing here',
  PropertyNameExpected: 'the name of a setting, in double quotes, is missing here',
  ColonExpected: 'a colon is missing here',
  CommaExpected: 'a comma is missing here',
  CloseBraceExpected: 'a closing } is missing here',
  CloseBracketExpected: 'a closing ] is missing here',
  EndOfFileExpected: 'it should end here',
  UnexpectedEndOfString: 'a text has no closing quote here',
  UnexpectedEndOfComment: 'a comment has no end here',
};

function syntaxFault({ error }: ParseError): string {
  const name = printParseErrorCode(error);
  return syntaxFaults[name] ?? `it cannot be read from here on (${name})`;
}

/** A syntax tree's plain value; `getNodeValue` of the library makes objects without prototype, which validators refuse. */
function valueOf(node: Node): unknown {
  switch (node.type) {
    case 'object':
      return Object.fromEntries(
        (node.children ?? []).map(({ children }) => [
          children![0].value as string,
          children![1] ? valueOf(children![1]) : null,
        ]),
      );
    case 'array':
      return (node.children ?? []).map(valueOf);
    case 'string':
    case 'number':
    case 'boolean':
    case 'null':
    case 'property':
      return node.value as unknown;
  }
}

type Report = (path: Path, message: string) => void;

// --- the schema ---------------------------------------------------------------------------------------------------

interface Schema {
  $ref?: string;
  type?: string;
  const?: unknown;
  enum?: unknown[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  default?: unknown;
  /** What a text must be, for editors and for the sentence about one that is not. */
  patternErrorMessage?: string;
}

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
ajv.addSchema(schema, 'distill');
const validateFile = ajv.compile(schema);

const definitions = schema.definitions as unknown as Record<string, Schema>;
const follow = (s: Schema): Schema => (s.$ref ? definitions[s.$ref.split('/').at(-1)!] : s);

const validators = new Map<Schema, ValidateFunction>();

/** A validator of a part of the schema; compiling one takes 10 ms, so each is kept. */
function validatorOf(part: Schema): ValidateFunction {
  let validate = validators.get(part);
  if (!validate) validators.set(part, (validate = ajv.compile({ ...part, definitions })));
  return validate;
}

function checkSchema(value: unknown, report: Report): void {
  if (validateFile(value)) return;
  const all = validateFile.errors ?? [];
  // Of alternatives, the errors of every one are listed; one sentence about them all replaces these.
  const alternatives = all.filter((e) => e.keyword === 'anyOf');
  const within = (e: ErrorObject) =>
    alternatives.some(
      (a) =>
        a !== e &&
        (e.instancePath === a.instancePath || e.instancePath.startsWith(`${a.instancePath}/`)),
    );
  for (const error of withoutDoubles(all.filter((e) => !within(e)))) describeError(error, report);
}

/** Where a list of allowed values says what is wrong, the type need not be spoken of. */
const withoutDoubles = (errors: readonly ErrorObject[]): ErrorObject[] =>
  errors.filter(
    (e) =>
      e.keyword !== 'type' ||
      !errors.some((other) => other.keyword === 'enum' && other.instancePath === e.instancePath),
  );

const pathOf = (instancePath: string): Path =>
  instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

function describeError(error: ErrorObject, report: Report): void {
  const path = pathOf(error.instancePath);
  const parameters = error.params as Record<string, unknown>;
  const found = shown(error.data);
  switch (error.keyword) {
    case 'anyOf':
      return describeAlternatives(error.data, (error.schema as Schema[]).map(follow), path, report);
    case 'additionalProperties': {
      const name = parameters['additionalProperty'] as string;
      const known = Object.keys((error.parentSchema as Schema).properties ?? {});
      const near = nearest(name, known);
      return report(
        [...path, name],
        `there is no such setting here${near ? `; did you mean "${near}"?` : `; there are ${known.join(', ')}`}`,
      );
    }
    case 'required':
      return report(path, `"${String(parameters['missingProperty'])}" is missing`);
    case 'enum':
      return report(
        path,
        `${found} is unknown; allowed are ${(error.schema as unknown[]).map((v) => `"${String(v)}"`).join(', ')}`,
      );
    case 'type':
      return report(path, `${found} is not ${kinds[String(parameters['type'])] ?? error.message}`);
    case 'minimum':
    case 'exclusiveMinimum':
    case 'maximum':
    case 'exclusiveMaximum':
      return report(
        path,
        `${found} is not allowed; it must be ${bounds[error.keyword]} ${String(parameters['limit'])}`,
      );
    case 'minLength':
    case 'minProperties':
      return report(path, 'is empty');
    case 'minItems':
      return report(path, `${found} is too short; it must have ${entries(parameters)} or more`);
    case 'maxItems':
      return report(path, `${found} is too long; it must have ${entries(parameters)} or fewer`);
    case 'uniqueItems': {
      const second = Math.max(parameters['i'] as number, parameters['j'] as number);
      const twice = (error.data as unknown[])[second];
      return report([...path, second], `${shown(twice)} is there twice`);
    }
    case 'pattern': {
      const { patternErrorMessage } = error.parentSchema as Schema;
      return report(path, `${found} is not ${patternErrorMessage ?? String(error.schema)}`);
    }
    default:
      return report(path, `${found} ${error.message}`);
  }
}

const bounds: Record<string, string> = {
  minimum: 'at least',
  exclusiveMinimum: 'above',
  maximum: 'at most',
  exclusiveMaximum: 'below',
};

const entries = ({ limit }: Record<string, unknown>) =>
  limit === 1 ? '1 entry' : `${String(limit)} entries`;

const kinds: Record<string, string> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object { ... }',
};

/** One sentence for a value that fits none of several forms. */
function describeAlternatives(
  value: unknown,
  branches: Schema[],
  path: Path,
  report: Report,
): void {
  const describe = (branch: Schema) => {
    const validate = validatorOf(branch);
    if (!validate(value))
      for (const error of withoutDoubles(validate.errors ?? []))
        describeError(error, (inner, message) => report([...path, ...inner], message));
  };
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const alike = branches.filter((b) => (b.type === 'integer' ? 'number' : b.type) === kind);
  // The only form of the value's own kind is the one that was meant.
  if (alike.length === 1) return describe(alike[0]);
  const keyword = keywordOf(branches);
  if (kind === 'object') {
    const given = value as Record<string, unknown>;
    if (keyword) {
      const known = alike.map((b) => b.properties![keyword].const);
      const allowed = `allowed are ${known.map((k) => `"${String(k)}"`).join(', ')}`;
      if (!Object.hasOwn(given, keyword))
        return report(path, `"${keyword}" is missing; ${allowed}`);
      const meant = alike.find((b) => b.properties![keyword].const === given[keyword]);
      return meant
        ? describe(meant)
        : report([...path, keyword], `${shown(given[keyword])} is unknown; ${allowed}`);
    }
    const similar = (b: Schema) =>
      Object.keys(given).filter((k) => nearest(k, Object.keys(b.properties ?? {})) !== null).length;
    const closest = [...alike].sort((a, b) => similar(b) - similar(a))[0];
    if (similar(closest) > 0) return describe(closest);
  }
  const options = branches.map((b) =>
    b.enum
      ? b.enum.map((v) => `"${String(v)}"`).join(', ')
      : b.properties
        ? keyword
          ? `{ "${keyword}": "${String(b.properties[keyword].const)}" }`
          : `an object with ${Object.keys(b.properties).join(', ')}`
        : (kinds[b.type ?? ''] ?? 'another value'),
  );
  report(
    path,
    `${shown(value)} is not allowed here; allowed are ${[...new Set(options)].join(', or ')}`,
  );
}

/** The setting whose fixed value tells objects of several forms apart, if there is one. */
function keywordOf(branches: readonly Schema[]): string | undefined {
  const objects = branches.filter((b) => b.properties);
  return ['network', 'name'].find(
    (k) => objects.length > 0 && objects.every((b) => b.properties![k]?.const !== undefined),
  );
}

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
};

/** The known name that is at most two edits away, if there is one. */
function nearest(name: string, known: readonly string[]): string | null {
  const ranked = known
    .map((k) => ({ k, d: editDistance(name.toLowerCase(), k.toLowerCase()) }))
    .sort((a, b) => a.d - b.d);
  return ranked[0] && ranked[0].d <= 2 ? ranked[0].k : null;
}

/** Insertions, deletions and replacements that lead from one text to the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length];
}

/** A value with the schema's defaults filled in; of alternatives, the one that the value fits. */
function withDefaults(value: unknown, node: Schema): unknown {
  const s = follow(node);
  if (s.anyOf) {
    const fitting = s.anyOf.find((branch) => validatorOf(follow(branch))(value));
    return fitting ? withDefaults(value, fitting) : value;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const result: Record<string, unknown> = { ...value };
  for (const [name, property] of Object.entries(s.properties ?? {})) {
    const p = follow(property);
    const own = Object.hasOwn(result, name) ? result[name] : undefined;
    const given = own ?? p.default ?? (p.properties ? {} : undefined);
    if (given !== undefined) result[name] = withDefaults(given, p);
  }
  if (typeof s.additionalProperties === 'object')
    for (const name of Object.keys(result))
      if (!Object.hasOwn(s.properties ?? {}, name))
        result[name] = withDefaults(result[name], s.additionalProperties);
  return result;
}

// --- from the file's form to the engine's -------------------------------------------------------------------------

type Filled<T> = T extends [infer A, infer B]
  ? [A, B]
  : T extends readonly unknown[]
    ? T
    : T extends object
      ? { [K in keyof T]-?: Filled<NonNullable<T[K]>> }
      : T;

function resolveConfig(
  given: Distillation,
  file: string,
  options: LoadOptions,
  report: Report,
): DistillConfig {
  const filled = withDefaults(given, schema as unknown as Schema) as Filled<Distillation>;
  const folder = dirname(file);
  const variable = (name: string): string | undefined =>
    options.variables?.[name] ??
    process.env[`MEDDISTILL_${name.toUpperCase()}`] ??
    given.variables?.[name];
  const path = (text: string, where: Path): string => {
    const replaced = text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      const value = variable(name);
      if (value === undefined)
        report(where, `"\${${name}}" has no value; give it in "variables" or by --set ${name}=...`);
      return value ?? '';
    });
    return isAbsolute(replaced) ? replaced : join(folder, replaced);
  };
  const network = (value: Distillation['teacher'], where: string): NetworkConfig => {
    const object = withDefaults(typeof value === 'string' ? { network: value } : value, {
      anyOf: Object.values(definitions),
    }) as NetworkConfig;
    return object.weights === undefined
      ? object
      : { ...object, weights: path(object.weights, [where, 'weights']) };
  };
  const { training, input, method, evaluation } = filled;
  const stage = (name: StageName) => {
    const own = given.training?.stages?.[name];
    return {
      steps: Math.max(1, Math.round(training.stages[name].steps * training.budget)),
      batchSize: own?.batchSize ?? training.batchSize,
      learningRate: own?.learningRate ?? training.learningRate,
    };
  };
  const defaultFolder = join('runs', basename(file).replace(/(\.distill)?\.jsonc?$/, ''));
  return {
    file,
    classes: [...given.classes],
    domains: Object.fromEntries(
      Object.entries(filled.domains).map(([name, domain]) => [
        name,
        domainConfig(domain, given.domains[name], given.classes, (text, field) =>
          path(text, ['domains', name, field]),
        ),
      ]),
    ),
    input: {
      ...input,
      size: typeof input.size === 'number' ? [input.size, input.size] : input.size,
    },
    teacher: network(given.teacher, 'teacher'),
    student: network(given.student, 'student'),
    method,
    methods: [{ name: 'gkd', method: 'gkd', options: method }],
    baselines: ['control'],
    training: {
      seed: options.seed ?? training.seed,
      optimizer: training.optimizer,
      schedule: training.schedule,
      clipNorm: training.clipNorm,
      loss: training.loss,
      augmentation: training.augmentation,
      evaluateEvery: training.evaluateEvery,
      checkpointEvery: training.checkpointEvery,
      stages: {
        teacher: stage('teacher'),
        warmup: stage('warmup'),
        psae: stage('psae'),
        act: stage('act'),
        distill: stage('distill'),
      },
    },
    evaluation,
    device: options.device ?? filled.device,
    threads: options.threads ?? filled.threads,
    output: {
      folder: options.out
        ? resolve(options.out)
        : path(given.output?.folder ?? defaultFolder, ['output', 'folder']),
      predictions: filled.output.predictions,
      probabilities: filled.output.probabilities,
      errors: filled.output.errors,
    },
    cache: {
      folder: path(given.cache?.folder ?? join('runs', '.cache'), ['cache', 'folder']),
      gigabytes: filled.cache.gigabytes,
    },
  };
}

function domainConfig(
  filled: Filled<Domain>,
  given: Domain,
  classes: readonly string[],
  path: (text: string, field: string) => string,
): DomainConfig {
  const own = filled.values ?? {};
  const values = Object.fromEntries(
    classes.map((name, i): [string, LabelValue] => [
      name,
      Object.hasOwn(own, name) ? (own[name] as LabelValue) : i + 1,
    ]),
  );
  const clahe = filled.clahe;
  return {
    role: filled.role,
    images: path(filled.images, 'images'),
    labels: path(filled.labels, 'labels'),
    ...(given.masks === undefined ? {} : { masks: path(given.masks, 'masks') }),
    values,
    channel: filled.channel,
    intensity: filled.intensity,
    clahe: clahe === true ? { clipLimit: 2, tiles: 8 } : clahe === false ? null : clahe,
    ...(given.spacing ? { spacing: given.spacing } : {}),
    ...(given.orientation ? { orientation: given.orientation } : {}),
    ...(given.series === undefined ? {} : { series: given.series }),
    ...(given.frame === undefined ? {} : { frame: given.frame }),
    axis: filled.axis,
    fov: given.fov ?? (given.masks === undefined ? 'none' : 'provided'),
    split: filled.role === 'target' ? { train: 0, validation: 0, test: 1 } : filled.split,
    maxCases: filled.maxCases,
    maxSlices: filled.maxSlices,
  };
}

// --- what a schema cannot say -------------------------------------------------------------------------------------

function checkMeaning(config: DistillConfig, given: Distillation, report: Report): void {
  const { classes, domains, input, method } = config;
  if (!Object.values(domains).some((d) => d.role === 'source'))
    report(['domains'], 'no domain has the role "source"; at least one is needed to train on');
  for (const [name, domain] of Object.entries(domains)) {
    for (const className of Object.keys(given.domains[name].values ?? {}))
      if (!classes.includes(className))
        report(
          ['domains', name, 'values', className],
          `there is no class of this name; the classes are ${classes.join(', ')}`,
        );
    checkDistinct(domain, ['domains', name, 'values'], report);
    if (domain.fov === 'provided' && domain.masks === undefined)
      report(['domains', name, 'fov'], 'is "provided", but "masks" names no files');
    if (domain.role === 'source') checkSplit(domain, ['domains', name, 'split'], report);
    if (input.fit === 'patch' && input.spacing > 0 && !domain.spacing && isPicture(domain.images))
      report(
        ['domains', name],
        'input.spacing asks for a pixel spacing, and pictures state none: give "spacing": [row, column] in mm',
      );
  }
  for (const role of ['teacher', 'student'] as const) {
    const { stride } = architectureOf(config[role]);
    new Set(input.size).forEach((n) => {
      if (n % stride === 0) return;
      const lower = Math.floor(n / stride) * stride;
      const allowed = lower > 0 ? `${lower} or ${lower + stride}` : `${stride}`;
      report(
        ['input', 'size'],
        `${n} is not a multiple of ${stride}, which the ${role} (${config[role].network}) needs; the nearest ${lower > 0 ? 'are' : 'is'} ${allowed}`,
      );
    });
  }
  if (input.size.some((n) => n % 8 !== 0))
    report(['input', 'size'], 'must be a multiple of 8, which the semantic autoencoder needs');
  if (input.fit === 'resize' && input.spacing > 0)
    report(['input', 'spacing'], 'has no effect with "fit": "resize"; use "fit": "patch"');
  if (method.psae.channels % 4 !== 0)
    report(['method', 'psae', 'channels'], `${method.psae.channels} is not a multiple of 4`);
  config.evaluation.keepLargest.forEach((name, i) => {
    if (!classes.includes(name))
      report(
        ['evaluation', 'keepLargest', i],
        `there is no class of this name; the classes are ${classes.join(', ')}`,
      );
  });
  const { loss } = config.training;
  if (loss.crossEntropy === 0 && loss.dice === 0)
    report(['training', 'loss'], 'both weights are 0; at least one must be above');
  if (typeof config.evaluation.threshold !== 'string' || config.evaluation.threshold === 'source')
    if (classes.length > 1)
      report(
        ['evaluation', 'threshold'],
        'a threshold is for one class; with several use "argmax"',
      );
}

const isPicture = (pattern: string) => /\.(png|jpe?g|tiff?|gif|p[gpbn]m)(\.gz)?$/i.test(pattern);

/** Plain values of different classes must differ. */
function checkDistinct(domain: DomainConfig, path: Path, report: Report): void {
  const seen = new Map<number, string>();
  for (const [name, value] of Object.entries(domain.values))
    for (const v of typeof value === 'number' ? [value] : Array.isArray(value) ? value : []) {
      const other = seen.get(v);
      if (other !== undefined && other !== name)
        report([...path, name], `the value ${v} means ${other} already`);
      seen.set(v, name);
    }
}

function checkSplit(domain: DomainConfig, path: Path, report: Report): void {
  const { train, validation, test } = domain.split;
  if (typeof train === 'number') {
    const sum = train + (validation as number) + (test as number);
    if (Math.abs(sum - 1) > 1e-6)
      report(path, `the shares add up to ${Number(sum.toFixed(6))}, not to 1`);
    return;
  }
  const seen = new Map<string, string>();
  for (const [split, ids] of Object.entries({ train, validation, test } as Record<
    string,
    string[]
  >))
    ids.forEach((id, i) => {
      const other = seen.get(id);
      if (other)
        report([...path, split, i], `case "${id}" is in ${other} already; splits may not overlap`);
      seen.set(id, split);
    });
}
