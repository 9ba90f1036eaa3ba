/** What a schema cannot say of a config. Each rule says what is wrong together with what may be meant instead. */
import type { ConfigPath, Fix } from '../contract/config';
import { baselines } from '../method/baselines';
import { isSeveral, methodNamed } from '../method/catalogue';
import { joint, partsOf } from '../method/composed';
import { isPictureName } from '../images/catalogue';
import { asFileName, faultOfFileName, isOfEveryObject } from '../names';
import type { StudentConfig } from '../method/setup';
import { stagesOf } from '../method/stages';
import { architectureOf, isOnnxFile } from '../networks/catalogue';
import type { DistillConfig, DomainConfig, StageName } from './config';
import { fault, setting, type Fault } from './fault';
import type { Distillation } from './file';

/** Looks at a config, and at what its file says. */
type Rule = (config: DistillConfig, given: Distillation) => Fault[];

/** `onlyDomains`: see `LoadOptions`. */
export const ruleFaults = (
  config: DistillConfig,
  given: Distillation,
  onlyDomains = false,
): Fault[] =>
  rules
    .filter((rule) => !(onlyDomains && rule === someSource))
    .flatMap((rule) => rule(config, given));

const networks = ['teacher', 'student'] as const;

const someSource: Rule = ({ domains }) => {
  if (Object.values(domains).some((d) => d.role === 'source')) return [];
  return [
    fault(
      ['domains'],
      'no domain has the role "source"; at least one is needed to train on',
      Object.keys(domains).map((name) =>
        setting(`Make ${name} a source`, ['domains', name, 'role'], 'source'),
      ),
    ),
  ];
};

const domainsMakeSense: Rule = (config, given) =>
  Object.entries(config.domains).flatMap(([name, domain]) => {
    const path = ['domains', name];
    return [
      ...knownClasses(config.classes, given.domains[name].values ?? {}, [...path, 'values']),
      ...distinctValues(domain, [...path, 'values']),
      ...masksForFieldOfView(domain, [...path, 'fov']),
      ...(domain.role === 'source' ? wholeSplit(domain, [...path, 'split']) : []),
      ...spacingOfPictures(config.input, domain, path),
    ];
  });

const knownClasses = (classes: readonly string[], values: object, path: ConfigPath): Fault[] =>
  Object.keys(values)
    .filter((name) => !classes.includes(name))
    .map((name) =>
      fault([...path, name], noClass(classes), [
        setting(`Remove ${name}`, [...path, name], undefined),
      ]),
    );

const noClass = (classes: readonly string[]) =>
  `there is no class of this name; the classes are ${classes.join(', ')}`;

/** Plain values of different classes must differ. */
function distinctValues(domain: DomainConfig, path: ConfigPath): Fault[] {
  const seen = new Map<number, string>();
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(domain.values))
    for (const v of typeof value === 'number' ? [value] : Array.isArray(value) ? value : []) {
      const other = seen.get(v);
      if (other !== undefined && other !== name)
        faults.push(fault([...path, name], `the value ${v} means ${other} already`));
      seen.set(v, name);
    }
  return faults;
}

const masksForFieldOfView = ({ fov, masks }: DomainConfig, path: ConfigPath): Fault[] =>
  fov === 'provided' && masks === undefined
    ? [
        fault(path, 'is "provided", but "masks" names no files', [
          setting('Use the whole image', path, 'none'),
          setting('Estimate the field of view', path, 'estimated'),
        ]),
      ]
    : [];

function wholeSplit({ split }: DomainConfig, path: ConfigPath): Fault[] {
  const { train, validation, test } = split;
  if (typeof train === 'number') {
    const sum = train + (validation as number) + (test as number);
    return Math.abs(sum - 1) > 1e-6
      ? [fault(path, `the shares add up to ${Number(sum.toFixed(6))}, not to 1`)]
      : [];
  }
  const seen = new Map<string, string>();
  const faults: Fault[] = [];
  const lists = { train, validation, test } as Record<string, string[]>;
  for (const [name, ids] of Object.entries(lists))
    ids.forEach((id, i) => {
      const other = seen.get(id);
      const own = [...path, name, i];
      if (other)
        faults.push(
          fault(own, `case "${id}" is in ${other} already; splits may not overlap`, [
            setting(`Remove it from ${name}`, own, undefined),
          ]),
        );
      seen.set(id, name);
    });
  return faults;
}

const isPicture = (pattern: string) => isPictureName(pattern.replace(/\.gz$/i, ''));

const spacingOfPictures = (
  { fit, spacing }: DistillConfig['input'],
  domain: DomainConfig,
  path: ConfigPath,
): Fault[] =>
  fit === 'patch' && spacing > 0 && !domain.spacing && isPicture(domain.images)
    ? [
        fault(
          path,
          'input.spacing asks for a pixel spacing, and pictures state none: give "spacing": [row, column] in mm',
        ),
      ]
    : [];

/** The semantic autoencoder halves its input three times. */
const autoencoderStride = 8;

const sizeOfNetworks: Rule = (config, given) => {
  const path = ['input', 'size'];
  const { size } = config.input;
  const faults = networks.flatMap((role) => {
    const stride = strideOf(config, role);
    return [...new Set(size)]
      .filter((n) => n % stride !== 0)
      .map((n) => {
        const lower = Math.floor(n / stride) * stride;
        const allowed = lower > 0 ? `${lower} or ${lower + stride}` : `${stride}`;
        return fault(
          path,
          `${n} is not a multiple of ${stride}, which the ${role} (${config[role].network}) needs; the nearest ${lower > 0 ? 'are' : 'is'} ${allowed}`,
        );
      });
  });
  if (size.some((n) => n % autoencoderStride !== 0))
    faults.push(fault(path, 'must be a multiple of 8, which the semantic autoencoder needs'));
  if (faults.length === 0) return [];
  const fixes = [
    ...sizeFixes(config),
    ...networks.flatMap((role) => networkFix(config, given, role)),
  ];
  return faults.map((f) => ({ ...f, fixes }));
};

/** Which sizes an ONNX file takes is found out when it is opened. */
const strideOf = (config: DistillConfig, role: (typeof networks)[number]): number => {
  const network = config[role];
  return isOnnxFile(network) ? 1 : architectureOf(network).stride(network);
};

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const lcm = (a: number, b: number): number => (a * b) / gcd(a, b);

/** The nearest sizes that both networks and the autoencoder take. */
function sizeFixes(config: DistillConfig): Fix[] {
  const stride = networks.map((role) => strideOf(config, role)).reduce(lcm, autoencoderStride);
  const rounded = (round: (n: number) => number) =>
    config.input.size.map((n) => Math.max(stride, round(n / stride) * stride));
  const sizes = new Map<string, number | number[]>();
  for (const [rows, columns] of [rounded(Math.floor), rounded(Math.ceil)])
    if (rows === columns) sizes.set(`${rows}`, rows);
    else sizes.set(`${rows} x ${columns}`, [rows, columns]);
  return [...sizes].map(([shown, size]) =>
    setting(`Set the size to ${shown}`, ['input', 'size'], size),
  );
}

/** The option of a network with which it takes the size. */
function networkFix(
  config: DistillConfig,
  given: Distillation,
  role: (typeof networks)[number],
): Fix[] {
  const network = config[role];
  if (isOnnxFile(network)) return [];
  const fitting = architectureOf(network).fitting?.(network, config.input.size);
  if (!fitting) return [];
  const { option, value } = fitting;
  const title = `Set the ${option} of the ${role} to ${value}`;
  // A network that is given by its name has no options yet.
  return typeof given[role] === 'string'
    ? [setting(title, [role], { network: network.network, [option]: value })]
    : [setting(title, [role, option], value)];
}

/** A fix that gives a setting another name. */
const renaming = (path: ConfigPath, name: string): Fix => ({
  title: `Rename it to "${name}"`,
  edits: [{ path, name }],
});

/** What is wrong with a name that becomes a part of paths and a key, as the end of a sentence. */
const faultOfName = (name: string): string | null =>
  faultOfFileName(name) ??
  (isOfEveryObject(name) ? 'is a word of JavaScript that no name may be' : null);

/** A name like one that cannot be used, different from the others. */
function nameLike(name: string, others: readonly string[]): string {
  const own = isOfEveryObject(name)
    ? asFileName(`${name.replaceAll('_', '')}-1`)
    : asFileName(name);
  const taken = new Set(others.map(alike));
  for (let n = 0; ; n++) {
    const next = n === 0 ? own : `${own}-${n + 1}`;
    if (!taken.has(alike(next))) return next;
  }
}

/** What names have in common that are one folder on some system. */
const alike = (name: string) => name.normalize('NFC').toLowerCase();

/** Predictions of a domain lie in a folder of its name. */
const namesOfDomains: Rule = ({ domains }) => {
  const names = Object.keys(domains);
  return names.flatMap((name, i) => {
    const path = ['domains', name];
    const fix = () => [renaming(path, nameLike(name, names))];
    const wrong = faultOfName(name);
    if (wrong !== null)
      return [fault(path, `a folder is named after the domain, and "${name}" ${wrong}`, fix())];
    const twin = names.slice(0, i).find((other) => alike(other) === alike(name));
    return twin === undefined
      ? []
      : [fault(path, `"${name}" and "${twin}" would be one folder on some systems`, fix())];
  });
};

const namesOfClasses: Rule = ({ classes }) =>
  classes.flatMap((name, i) =>
    isOfEveryObject(name)
      ? [
          fault(['classes', i], `"${name}" is a word of JavaScript that no name may be`, [
            setting(`Use "${nameLike(name, classes)}"`, ['classes', i], nameLike(name, classes)),
          ]),
        ]
      : [],
  );

const namesOfVariables: Rule = (_, { variables = {} }) =>
  Object.keys(variables).flatMap((name) =>
    isOfEveryObject(name)
      ? [fault(['variables', name], `"${name}" is a word of JavaScript that no name may be`)]
      : [],
  );

/** Names that are taken: of networks, stages and views. */
const takenNames = [
  'teacher',
  'student',
  'warmup',
  'evaluate',
  'reference',
  'error',
  'psae',
  'act',
  ...baselines.map(({ name }) => name),
];

const namesOfStudents: Rule = ({ methods }, given) =>
  methods.flatMap(({ name, method }, i) => {
    const entry = given.methods[i];
    const own = typeof entry === 'object' && 'name' in entry && entry.name;
    const path = ['methods', i, ...(own ? ['name'] : [])];
    if (takenNames.includes(name))
      return [fault(path, `"${name}" is the name of something else in a run; choose another one`)];
    const wrong = faultOfName(name);
    if (wrong !== null) {
      const others = methods.map((other) => other.name);
      const fix = setting(`Use "${nameLike(name, others)}"`, path, nameLike(name, others));
      const fixes = isSeveral(entry) ? [] : [fix];
      return [fault(path, `files are named after the student, and "${name}" ${wrong}`, fixes)];
    }
    const first = methods.findIndex((other) => alike(other.name) === alike(name));
    if (first === i) return [];
    const [one] = method.split(joint);
    const another = { method: one, name: `${isSeveral(entry) ? one : name}-2` };
    return [
      fault(
        path,
        `"${name}" is there twice; give ${isSeveral(entry) ? 'a method in one' : 'one'} of them a "name" of its own, as in { "method": "${another.method}", "name": "${another.name}" }`,
        [{ title: `Remove ${name}`, edits: [{ path: ['methods', i], value: undefined }] }],
      ),
    ];
  });

const methodsOfStudents: Rule = ({ methods }) =>
  methods.flatMap(({ method }, i) => {
    const parts = method.split(joint);
    return parts.flatMap((part, j) =>
      parts.indexOf(part) === j
        ? []
        : [fault(['methods', i, j], `a student learns by "${part}" but once`)],
    );
  });

/** The methods of a student that take more of the teacher than soft labels, by their names. */
const lookingInto = (student: StudentConfig): string[] =>
  partsOf(student)
    .filter(({ name, options }) => !methodNamed(name).softLabels?.(options as never))
    .map(({ name }) => name);

const methodsOfOnnxTeacher: Rule = ({ teacher, methods }) =>
  methods.flatMap((student, i) => {
    const names = isOnnxFile(teacher) ? lookingInto(student) : [];
    if (!names.length) return [];
    return [
      fault(
        ['methods', i],
        `${names.join(' and ')} ${names.length > 1 ? 'look' : 'looks'} into the teacher at every step, and of an ONNX file predictions alone are taken; kd, dkd and dist learn by these with "targets": "precomputed"`,
        [
          setting('Learn by its predictions (kd)', ['methods', i], {
            method: 'kd',
            targets: 'precomputed',
          }),
        ],
      ),
    ];
  });

const channelsOfOnnxTeacher: Rule = ({ teacher, classes }) => {
  if (!isOnnxFile(teacher) || !teacher.channels) return [];
  const { channels } = teacher;
  return classes
    .filter((name) => !channels.includes(name))
    .map((name) =>
      fault(['teacher', 'channels'], `names no channel "${name}", which is one of the classes`),
    );
};

const spacingOfPatches: Rule = ({ input }) =>
  input.fit === 'resize' && input.spacing > 0
    ? [
        fault(['input', 'spacing'], 'has no effect with "fit": "resize"; use "fit": "patch"', [
          setting('Use patches', ['input', 'fit'], 'patch'),
        ]),
      ]
    : [];

const channelsOfAutoencoder: Rule = ({ method }) =>
  method.psae.channels % 4 !== 0
    ? [fault(['method', 'psae', 'channels'], `${method.psae.channels} is not a multiple of 4`)]
    : [];

const classesToKeepLargest: Rule = ({ classes, evaluation }) =>
  evaluation.keepLargest.flatMap((name, i) =>
    classes.includes(name) ? [] : [fault(['evaluation', 'keepLargest', i], noClass(classes))],
  );

const someLoss: Rule = ({ training: { loss } }) =>
  loss.crossEntropy === 0 && loss.dice === 0
    ? [fault(['training', 'loss'], 'both weights are 0; at least one must be above')]
    : [];

const thresholdOfOneClass: Rule = ({ classes, evaluation: { threshold } }) => {
  const path = ['evaluation', 'threshold'];
  return threshold !== 'argmax' && classes.length > 1
    ? [
        fault(path, 'a threshold is for one class; with several use "argmax"', [
          setting('Use "argmax"', path, 'argmax'),
        ]),
      ]
    : [];
};

/** Where a stage's `accumulate` stands in the file. */
const placeOfParts = (given: Distillation, name: StageName): ConfigPath =>
  given.training.stages[name].accumulate === undefined
    ? ['training', 'accumulate']
    : ['training', 'stages', name, 'accumulate'];

const partsOfBatches: Rule = ({ training: { stages } }, given) => {
  const names = (Object.keys(stages) as StageName[]).filter(
    (name) => stages[name].batchSize % (stages[name].accumulate ?? 1) !== 0,
  );
  // One setting is told once, also where several stages have it.
  const places = new Map(names.reverse().map((name) => [placeOfParts(given, name).join(), name]));
  return [...places.values()].map((name) => {
    const { batchSize, accumulate = 1 } = stages[name];
    const path = placeOfParts(given, name);
    const below = Array.from({ length: Math.min(accumulate, batchSize) }, (_, n) => n + 1);
    const nearest = below.findLast((n) => batchSize % n === 0)!;
    return fault(
      path,
      `the ${batchSize} images of a batch (stage ${name}) cannot be taken in ${accumulate} equal parts; the nearest number below that works is ${nearest}`,
      [setting(`Take it in ${nearest}`, path, nearest)],
    );
  });
};

/** What compares the images of a batch with each other needs all of them at once. */
const partsOfWholeBatches: Rule = (config, given) =>
  stagesOf(config).flatMap(({ name, whole, accumulate = 1 }) => {
    if (!whole || accumulate === 1) return [];
    const own = ['training', 'stages', 'distill', 'accumulate'];
    const entry = config.methods.find((student) => student.name === name)!;
    const graphs = entry.method === 'gkd';
    return [
      fault(
        placeOfParts(given, 'distill'),
        `the student ${name} (${entry.method}) compares the images of a batch with each other, so that its batches cannot be taken in parts; ` +
          `set training.stages.distill.accumulate to 1${graphs ? ', or method.inter.scope to "image"' : ''}`,
        [
          setting('Take the batches of distillation as a whole', own, 1),
          ...(graphs
            ? [
                setting(
                  'Compare the views of each image alone',
                  ['method', 'inter', 'scope'],
                  'image',
                ),
              ]
            : []),
        ],
      ),
    ];
  });

const rules: Rule[] = [
  someSource,
  domainsMakeSense,
  namesOfDomains,
  namesOfClasses,
  namesOfVariables,
  sizeOfNetworks,
  namesOfStudents,
  methodsOfStudents,
  methodsOfOnnxTeacher,
  channelsOfOnnxTeacher,
  spacingOfPatches,
  channelsOfAutoencoder,
  classesToKeepLargest,
  someLoss,
  thresholdOfOneClass,
  partsOfBatches,
  partsOfWholeBatches,
];
