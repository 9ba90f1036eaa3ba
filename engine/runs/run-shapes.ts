/** What is read from a run's folder, checked where it is read: whatever a file there holds, nothing else comes out of it. */
import type { Signal, VectorExchange } from '../contract/signal';
import type { ContrastiveSnapshot } from '../contract/contrastive-snapshot';
import type { EngineEvent, EventOf, TimedEvent } from '../contract/events';
import type {
  Aggregate,
  ClassMetrics,
  ClassSummary,
  Confusion,
  FrechetSemanticDistance,
  PairedComparison,
  SignedRankTest,
} from '../contract/metrics';
import type { Estimate, StageEstimate } from '../contract/estimate';
import type { NetworkInfo, RunPlan, StageInfo, TermInfo } from '../contract/plan';
import type { CaseReport, DomainReport, NetworkReport, Report } from '../contract/report';
import type { RunRecord, StageRecord } from '../contract/run-record';
import { oldPlan, upgradedReport } from '../presentation/old-runs';
import {
  byName,
  count,
  date,
  either,
  flag,
  list,
  nullable,
  number,
  numbersByName,
  object,
  objectAnd,
  oneOf,
  optional,
  parseJson,
  ShapeError,
  text,
  type Shape,
} from './json-shape';

// What versions before did not write, or a number that is not known, is missing; a wrong one is refused.

/** A mark that is there or not. */
const yes: Shape<true> = (value) => {
  if (value !== true) throw new ShapeError('is no mark');
  return value;
};

const maybe = <T>(shape: Shape<T>): Shape<T | undefined> => optional(shape, undefined);
const orNull = <T>(shape: Shape<T>): Shape<T | null> => optional(nullable(shape), null);

const colour: Shape<number> = (value) => {
  const index = count(value);
  if (index > 1000) throw new ShapeError('is above 1000, where the number of a colour is needed');
  return index;
};

/** More is no run's, and would not be seen. */
const mostNames = 1000;

const networks: Shape<NetworkInfo[]> = list(
  object<NetworkInfo>({
    name: text,
    role: oneOf('teacher', 'baseline', 'student'),
    title: text,
    stage: text,
    color: colour,
  }),
  { longest: mostNames },
);

const plan: Shape<RunPlan> = object<RunPlan>({
  stages: list(object<StageInfo>({ name: text, title: text, steps: count }), {
    longest: mostNames,
  }),
  networks,
});

const terms = byName(object<TermInfo>({ title: text, color: colour, dashed: maybe(flag) }));

const device = object<NonNullable<RunRecord['device']>>({
  name: text,
  description: text,
  threads: count,
});

const estimate: { [K in keyof Estimate]: Shape<Estimate[K]> } = {
  stages: list(
    object<StageEstimate>({
      stage: text,
      steps: count,
      left: count,
      secondsPerStep: orNull(number),
      seconds: number,
      memory: orNull(number),
    }),
    { longest: mostNames },
  ),
  took: number,
  scale: number,
};

// --- run.json -------------------------------------------------------------------------------------------------------

export const runRecord: Shape<RunRecord> = object<RunRecord>({
  meddistill: optional(text, 'unknown'),
  state: oneOf('running', 'finished', 'cancelled', 'failed'),
  error: maybe(text),
  config: text,
  variables: optional(byName(text), {}),
  seed: maybe(number),
  started: date,
  since: maybe(date),
  ended: maybe(date),
  pid: maybe(number),
  device: maybe(device),
  versions: optional(byName(text), {}),
  scale: maybe(number),
  estimate: maybe(object<Estimate>(estimate)),
  plan: optional(plan, oldPlan),
  stages: optional(
    byName(
      object<StageRecord>({
        state: oneOf('running', 'finished'),
        hash: text,
        step: count,
        steps: count,
        seconds: number,
        trainingSeconds: maybe(number),
        stoodStill: maybe(yes),
        best: maybe(object<NonNullable<StageRecord['best']>>({ step: count, dice: number })),
      }),
    ),
    {},
  ),
});

// --- report.json ----------------------------------------------------------------------------------------------------

const interval: Shape<[number, number]> = (value) =>
  list(number, { length: 2 })(value) as [number, number];

const aggregate = object<Aggregate>({
  mean: orNull(number),
  sd: orNull(number),
  median: orNull(number),
  ci: orNull(interval),
  n: optional(count, 0),
});

const noAggregate: Aggregate = { mean: null, sd: null, median: null, ci: null, n: 0 };

const classMetrics: Shape<ClassMetrics> = objectAnd<
  { presence: ClassMetrics['presence']; confusion: Confusion },
  number | null
>(
  {
    presence: oneOf('scored', 'bothEmpty', 'missed', 'falseAlarm'),
    confusion: object<Confusion>({ tp: count, fp: count, fn: count, tn: count }),
  },
  nullable(number),
);

const networkReport: Shape<NetworkReport> = objectAnd<
  Pick<NetworkReport, 'threshold' | 'classes' | 'cases'> & { dice: Aggregate },
  Aggregate
>(
  {
    threshold: optional(either(oneOf('argmax'), number), 'argmax'),
    dice: optional(aggregate, noAggregate),
    classes: optional(
      byName(
        object<ClassSummary>({
          metrics: byName(aggregate),
          nBothEmpty: count,
          nMissed: count,
          nFalseAlarm: count,
        }),
      ),
      {},
    ),
    cases: optional(list(object<CaseReport>({ id: text, classes: byName(classMetrics) })), []),
  },
  aggregate,
);

const comparison = object<PairedComparison>({
  n: count,
  leftOut: optional(count, 0),
  mean: orNull(number),
  median: orNull(number),
  ci: orNull(interval),
  test: orNull(
    object<SignedRankTest>({
      statistic: number,
      p: number,
      n: count,
      method: oneOf('exact', 'normal'),
    }),
  ),
});

const distances = optional(
  byName(byName(object<FrechetSemanticDistance>({ value: number, n: count, dims: count }))),
  {},
);

const both = object<Signal['spread']>({ teacher: number, student: number });
const vectorExchange = object<VectorExchange>({
  own: number,
  other: number,
  mean: number,
  p: number,
});
const signal = object<Signal>({
  images: count,
  views: count,
  cosine: object<Signal['cosine']>({ sameView: number, sameImage: number, otherImage: number }),
  retrieval: object<Signal['retrieval']>({ share: number, chance: number }),
  entropy: object<Signal['entropy']>({ intra: both, inter: both }),
  spread: both,
  exchange: object<Signal['exchange']>({
    studentToTeacher: vectorExchange,
    teacherToStudent: vectorExchange,
  }),
});

/** Without `named`, of a version before: `gain` is the one student's. */
const domain = (named: boolean): Shape<DomainReport> =>
  object<DomainReport>({
    role: oneOf('source', 'target'),
    cases: count,
    fov: optional(oneOf('provided', 'estimated', 'none'), 'none'),
    networks: optional(byName(networkReport), {}),
    gain: optional(
      (named ? byName(byName(comparison)) : byName(comparison)) as Shape<DomainReport['gain']>,
      {},
    ),
    files: optional(
      byName(
        object<DomainReport['files'][string]>({
          images: list(text),
          labels: list(text),
          masks: optional(list(text), []),
        }),
      ),
      {},
    ),
  });

/** A report of any version, as it is now. */
export const runReport: Shape<Report> = (value) => {
  const isOld = typeof value === 'object' && value !== null && !Object.hasOwn(value, 'networks');
  const report = object<Report>({
    meddistill: optional(text, 'unknown'),
    seed: maybe(number),
    device: maybe(device),
    classes: list(text, { longest: mostNames }),
    confidence: optional(number, 0.95),
    networks: isOld ? (maybe(networks) as Shape<NetworkInfo[]>) : networks,
    parameters: maybe(
      object<NonNullable<Report['parameters']>>({ teacher: count, student: count }),
    ),
    seconds: optional(byName(number), {}),
    domains: byName(domain(!isOld)),
    gap: maybe(comparison),
    signal: maybe(byName(signal)),
    fsd: optional(
      object<Report['fsd']>({ sourceToTarget: distances, teacherToStudent: distances }),
      { sourceToTarget: {}, teacherToStudent: {} },
    ),
  })(value);
  return upgradedReport(report);
};

// --- metrics.jsonl --------------------------------------------------------------------------------------------------

const longestMessage = 10_000;
const mostTerms = 256;

const fewNumbers: Shape<Record<string, number>> = (value) => {
  const numbers = numbersByName(value);
  if (Object.keys(numbers).length > mostTerms)
    throw new ShapeError(`has more than ${mostTerms} numbers`);
  return numbers;
};

/** NaN where it is none: of a loss that grew beyond all bounds, JSON says null. */
const orNaN: Shape<number> = (value) => (typeof value === 'number' ? value : NaN);

const graphsFile: Shape<string> = (value) => {
  const path = text(value);
  if (!/^graphs\/[^\\]+\.json$/.test(path) || path.split('/').includes('..'))
    throw new ShapeError('is no file of the folder graphs');
  return path;
};

const role = oneOf('source', 'target');
// A row without a time is one all the same.
const time = optional(date, '');

const eventShapes: { [T in EngineEvent['type']]: Shape<EventOf<T>> } = {
  run: object<EventOf<'run'>>({
    type: oneOf('run'),
    time,
    folder: text,
    config: text,
    seed: number,
    resumed: flag,
    plan: optional(plan, oldPlan),
  }),
  device: object<EventOf<'device'>>({
    type: oneOf('device'),
    time,
    device: text,
    name: text,
    threads: count,
    note: maybe(text),
  }),
  estimate: object<EventOf<'estimate'>>({ type: oneOf('estimate'), time, ...estimate }),
  cohort: object<EventOf<'cohort'>>({
    type: oneOf('cohort'),
    time,
    domain: text,
    role,
    cases: count,
    slices: count,
  }),
  stage: object<EventOf<'stage'>>({
    type: oneOf('stage'),
    time,
    stage: text,
    state: oneOf('started', 'skipped', 'resumed', 'finished'),
    step: count,
    steps: count,
    seconds: maybe(number),
    terms: maybe(terms),
  }),
  step: object<EventOf<'step'>>({
    type: oneOf('step'),
    time,
    stage: text,
    step: count,
    steps: count,
    losses: fewNumbers,
    learningRate: orNaN,
    imagesPerSecond: orNaN,
    memory: maybe(number),
    gradientNorm: maybe(number),
  }),
  evaluation: object<EventOf<'evaluation'>>({
    type: oneOf('evaluation'),
    time,
    stage: text,
    step: count,
    network: text,
    domain: text,
    role,
    split: oneOf('validation', 'test'),
    dice: nullable(number),
    cases: count,
  }),
  fsd: object<EventOf<'fsd'>>({
    type: oneOf('fsd'),
    time,
    stage: text,
    step: count,
    pair: text,
    network: text,
    value: number,
    n: count,
    dims: count,
  }),
  graphs: object<EventOf<'graphs'>>({
    type: oneOf('graphs'),
    time,
    stage: text,
    step: count,
    file: graphsFile,
  }),
  gradients: object<EventOf<'gradients'>>({
    type: oneOf('gradients'),
    time,
    stage: text,
    step: count,
    norms: fewNumbers,
    scales: maybe(fewNumbers),
  }),
  signal: object<EventOf<'signal'>>({
    type: oneOf('signal'),
    time,
    stage: text,
    step: count,
    network: text,
    signal,
  }),
  gap: object<EventOf<'gap'>>({
    type: oneOf('gap'),
    time,
    teacher: text,
    student: text,
    difference: comparison,
  }),
  log: object<EventOf<'log'>>({
    type: oneOf('log'),
    time,
    level: oneOf('info', 'warning', 'error'),
    message: (value) => text(value).slice(0, longestMessage),
  }),
  finished: object<EventOf<'finished'>>({
    type: oneOf('finished'),
    time,
    folder: text,
    report: text,
  }),
  cancelled: object<EventOf<'cancelled'>>({ type: oneOf('cancelled'), time, folder: text }),
};

/** The event in a line of `metrics.jsonl`; null for what is none: a line cut short by a crash, a row of another version. */
export function eventOf(line: string): TimedEvent | null {
  try {
    const row = parseJson(line) as { type?: EngineEvent['type'] } | null;
    const type = row?.type;
    return typeof type === 'string' && Object.hasOwn(eventShapes, type)
      ? eventShapes[type](row)
      : null;
  } catch (error) {
    if (error instanceof ShapeError) return null;
    throw error;
  }
}

/** The events in lines of `metrics.jsonl`. */
export const eventsOf = (lines: readonly string[]): TimedEvent[] =>
  lines.flatMap((line) => eventOf(line) ?? []);

// --- graphs/*.json --------------------------------------------------------------------------------------------------

/** A square of so many numbers a side is what a page can draw. */
const mostNodes = 2048;

const point: Shape<[number, number]> = interval;

export const contrastiveSnapshotShape: Shape<ContrastiveSnapshot> = (value) => {
  const sizes = object<{ images: number; views: number }>({ images: count, views: count })(value);
  const [images, views] = [sizes.images, sizes.images * sizes.views];
  const nodes = images + views;
  if (nodes > mostNodes)
    throw new ShapeError(`has graphs of ${nodes} nodes, where ${mostNodes} are allowed`);
  const matrix = (rows: number, columns: number) =>
    list(list(number, { length: columns }), { length: rows });
  return object<ContrastiveSnapshot>({
    step: count,
    images: count,
    views: count,
    domains: list(text, { length: images }),
    intra: object<ContrastiveSnapshot['intra']>({
      teacher: matrix(images, sizes.views),
      student: matrix(images, sizes.views),
    }),
    inter: object<ContrastiveSnapshot['inter']>({
      scope: oneOf('image', 'batch'),
      teacher: matrix(views, views),
      student: matrix(views, views),
    }),
    vectors: object<ContrastiveSnapshot['vectors']>({
      explained: point,
      teacher: list(point, { length: nodes }),
      student: list(point, { length: nodes }),
      domain: list(text, { length: nodes }),
      kind: list(oneOf('anchor', 'view'), { length: nodes }),
    }),
  })(value);
};
