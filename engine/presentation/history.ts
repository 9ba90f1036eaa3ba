import type { EventOf, TimedEvent } from '../contract/events';
import type { Measure, Packet, RareEvent, StepBlock } from '../contract/packet';
import type { PairedComparison } from '../contract/metrics';
import type { RunPlan, TermInfo } from '../contract/plan';
import type { Signal } from '../contract/signal';
import { Smoother } from './curves';
import { networkTitle, stageNames, stageTitle } from './networks';
import { oldPlan, oldTerm } from './old-runs';

const measures: readonly Measure[] = ['learningRate', 'imagesPerSecond', 'memory', 'gradientNorm'];

// What a page can show of a run, and more than a run has: of a longer one it keeps what is drawn the same, of what is no run's no more.
const mostColumns = 256;
const mostStages = 1000;
const mostRows = 1 << 17;
/** Numbers of all stages together, roughly. */
const mostNumbers = 1 << 24;
const mostEvents = 50_000;
const mostMessages = 1000;

/** Packs events; a stage's steps become one block. */
export function packEvents(events: readonly TimedEvent[]): Packet {
  const byStage = new Map<string, EventOf<'step'>[]>();
  const rare: RareEvent[] = [];
  for (const event of events) {
    if (event.type !== 'step') {
      rare.push(event);
      continue;
    }
    const steps = byStage.get(event.stage);
    if (steps) steps.push(event);
    else byStage.set(event.stage, [event]);
  }
  const blocks = [...byStage].map(([stage, steps]): StepBlock => {
    const terms = [...new Set(steps.flatMap((s) => Object.keys(s.losses)))].slice(0, mostColumns);
    const column = (of: (s: EventOf<'step'>) => number | undefined) =>
      Float32Array.from(steps, (s) => of(s) ?? NaN);
    return {
      stage,
      steps: steps.at(-1)!.steps,
      step: Float64Array.from(steps, (s) => s.step),
      time: Float64Array.from(steps, (s) => Date.parse(s.time)),
      losses: Object.fromEntries(terms.map((t) => [t, column((s) => s.losses[t])])),
      measures: Object.fromEntries(measures.map((m) => [m, column((s) => s[m])])) as Record<
        Measure,
        Float32Array
      >,
    };
  });
  return { blocks, events: rare };
}

type Numbers = Float32Array | Float64Array;

/** A column that grows: amortised, so that a live run's points cost nothing to add. */
class Growing<T extends Numbers> {
  length = 0;
  constructor(
    private buffer: T,
    private readonly make: (length: number) => T,
  ) {}

  append(values: Numbers): void {
    const needed = this.length + values.length;
    if (needed > this.buffer.length) {
      const larger = this.make(Math.max(needed, 2 * this.buffer.length, 256));
      larger.set(this.buffer.subarray(0, this.length));
      this.buffer = larger;
    }
    this.buffer.set(values, this.length);
    this.length = needed;
  }

  /** Keeps the first, the third and so on. */
  thin(): void {
    const kept = this.buffer.subarray(0, this.length).filter((_, i) => i % 2 === 0) as T;
    this.buffer = kept;
    this.length = kept.length;
  }

  /** What it holds; valid until the next `append`. */
  get values(): T {
    return this.buffer.subarray(0, this.length) as T;
  }
}

const growing64 = () => new Growing(new Float64Array(0), (n) => new Float64Array(n));
const growing32 = () => new Growing(new Float32Array(0), (n) => new Float32Array(n));

/** One stage of a run. */
export class StageHistory {
  state: 'started' | 'skipped' | 'resumed' | 'finished' = 'started';
  steps = 0;
  /** The last step that is known of. */
  reached = 0;
  /** Wall time, once it is over. */
  seconds: number | null = null;
  private readonly stepColumn = growing64();
  private readonly timeColumn = growing64();
  private readonly lossColumns = new Map<string, Growing<Float32Array>>();
  private readonly smoothers = new Map<string, Smoother>();
  private readonly measureColumns = new Map<Measure, Growing<Float32Array>>();
  /** Of so many rows one is kept. */
  private stride = 1;
  /** Rows that came, kept or not. */
  private came = 0;

  /** How its terms are shown, as it told when it began. */
  private termInfos: Readonly<Record<string, TermInfo>> = {};

  constructor(readonly stage: string) {}

  describe(terms: Readonly<Record<string, TermInfo>>): void {
    this.termInfos = terms;
  }

  /** How a term of its loss is shown; of a run that did not tell, as runs of its version had it. */
  term(name: string): TermInfo {
    return Object.hasOwn(this.termInfos, name) ? this.termInfos[name] : oldTerm(name);
  }

  get step(): Float64Array {
    return this.stepColumn.values;
  }

  get time(): Float64Array {
    return this.timeColumn.values;
  }

  /** Names of the terms of its loss, `loss`, their weighted sum, first. */
  get terms(): string[] {
    return [...this.lossColumns.keys()];
  }

  losses(term: string): Float32Array {
    return this.lossColumns.get(term)?.values ?? new Float32Array(0);
  }

  /** A term smoothed, as `smooth` does it; kept, so that of a live run only new steps cost time. */
  smoothedLosses(term: string, factor: number): Float64Array {
    return this.smoothed(`loss ${term}`, factor).extend(this.losses(term));
  }

  smoothedMeasure(name: Measure, factor: number): Float64Array {
    return this.smoothed(`measure ${name}`, factor).extend(this.measure(name));
  }

  private smoothed(key: string, factor: number): Smoother {
    let smoother = this.smoothers.get(key);
    if (smoother?.factor !== factor) this.smoothers.set(key, (smoother = new Smoother(factor)));
    return smoother;
  }

  measure(name: Measure): Float32Array {
    return this.measureColumns.get(name)?.values ?? new Float32Array(0);
  }

  /** Adds steps. Of very many, every second, fourth and so on is kept: as long as all columns have less than `most` numbers, all. */
  add(block: StepBlock, most = mostNumbers): void {
    this.steps = block.steps;
    this.reached = Math.max(this.reached, block.step.at(-1) ?? 0);
    const kept = <T extends Numbers>(values: T): T =>
      this.stride === 1
        ? values
        : (values.filter((_, i) => (this.came + i) % this.stride === 0) as T);
    const step = kept(block.step);
    const before = this.stepColumn.length;
    this.stepColumn.append(step);
    this.timeColumn.append(kept(block.time));
    appendColumns(this.lossColumns, block.losses, { before, rows: step.length, kept });
    appendColumns(this.measureColumns, block.measures, { before, rows: step.length, kept });
    this.came += block.step.length;
    const columns = [
      this.stepColumn,
      this.timeColumn,
      ...this.lossColumns.values(),
      ...this.measureColumns.values(),
    ];
    while (this.stepColumn.length > Math.max(2, Math.min(mostRows, most / columns.length))) {
      for (const column of columns) column.thin();
      this.stride *= 2;
      // What they were before is another curve.
      this.smoothers.clear();
    }
  }
}

/** Appends columns, filling with NaN those that come late or that this block lacks. */
function appendColumns<K extends string>(
  columns: Map<K, Growing<Float32Array>>,
  block: Record<K, Float32Array>,
  o: { before: number; rows: number; kept: (values: Float32Array) => Float32Array },
): void {
  const { before, rows, kept } = o;
  for (const name of Object.keys(block) as K[])
    if (!columns.has(name) && columns.size < mostColumns) {
      const column = growing32();
      column.append(new Float32Array(before).fill(NaN));
      columns.set(name, column);
    }
  for (const [name, column] of columns)
    column.append(
      Object.hasOwn(block, name) ? kept(block[name]) : new Float32Array(rows).fill(NaN),
    );
}

/** Adds to a list; of more than `most` the older half goes. */
function keep<T>(list: T[], item: T, most: number): void {
  if (list.length >= most) list.splice(0, most / 2);
  list.push(item);
}

/** All that a run has reported, in the form in which it is drawn. */
export class History {
  /** What the run trains. */
  plan: RunPlan = oldPlan;
  readonly stages = new Map<string, StageHistory>();
  readonly evaluations: EventOf<'evaluation'>[] = [];
  readonly distances: EventOf<'fsd'>[] = [];
  readonly graphs: EventOf<'graphs'>[] = [];
  readonly gradients: EventOf<'gradients'>[] = [];
  /** The latest of each student that is trained on vectors, and of the one that they start from. */
  readonly signals = new Map<string, Signal>();
  gap: PairedComparison | null = null;
  readonly cohorts: EventOf<'cohort'>[] = [];
  device: EventOf<'device'> | null = null;
  /** What it was expected to take, as it said last. */
  estimate: EventOf<'estimate'> | null = null;
  /** Warnings and errors. */
  readonly messages: EventOf<'log'>[] = [];
  ended: 'finished' | 'cancelled' | null = null;
  /** Time of the last event, in milliseconds since the epoch. */
  latest = 0;

  static of(events: readonly TimedEvent[]): History {
    const history = new History();
    history.add(packEvents(events));
    return history;
  }

  add(packet: Packet): void {
    for (const event of packet.events) this.take(event);
    for (const block of packet.blocks) {
      if (!this.stages.has(block.stage) && this.stages.size >= mostStages) continue;
      this.stage(block.stage).add(block, mostNumbers / Math.max(8, this.stages.size));
      this.latest = Math.max(this.latest, block.time.at(-1) ?? 0);
    }
  }

  private take(event: RareEvent): void {
    this.latest = Math.max(this.latest, Date.parse(event.time) || 0);
    switch (event.type) {
      case 'run':
        this.ended = null;
        // Written by an older version, it has none.
        this.plan = (event as Partial<typeof event>).plan ?? oldPlan;
        break;
      case 'device':
        this.device = event;
        break;
      case 'estimate':
        this.estimate = event;
        break;
      case 'cohort':
        if (
          this.cohorts.length < mostMessages &&
          !this.cohorts.some((c) => c.domain === event.domain)
        )
          this.cohorts.push(event);
        break;
      case 'stage': {
        if (!this.stages.has(event.stage) && this.stages.size >= mostStages) break;
        const stage = this.stage(event.stage);
        // A resumed run skips what it has done itself before; its steps are in these very events.
        if (event.state !== 'skipped' || stage.state !== 'finished') stage.state = event.state;
        stage.steps = event.steps;
        stage.reached =
          event.state === 'finished' ? event.steps : Math.max(stage.reached, event.step);
        if (event.stage === 'evaluate' && event.state === 'started') this.forgetEvaluation(stage);
        if (event.seconds !== undefined) stage.seconds = event.seconds;
        if (event.terms) stage.describe(event.terms);
        break;
      }
      case 'evaluation':
        keep(this.evaluations, event, mostEvents);
        if (event.stage === 'evaluate') this.stage('evaluate').reached = event.step;
        break;
      case 'fsd':
        keep(this.distances, event, mostEvents);
        break;
      case 'graphs':
        keep(this.graphs, event, mostEvents);
        break;
      case 'gradients':
        keep(this.gradients, event, mostEvents);
        break;
      case 'signal':
        if (this.signals.has(event.network) || this.signals.size < mostStages)
          this.signals.set(event.network, event.signal);
        break;
      case 'gap':
        this.gap = event.difference;
        break;
      case 'log':
        if (event.level !== 'info') keep(this.messages, event, mostMessages);
        break;
      case 'finished':
      case 'cancelled':
        this.ended = event.type;
        break;
    }
  }

  /** The evaluation of all networks starts anew, in a run that was stopped during it. */
  private forgetEvaluation(stage: StageHistory): void {
    stage.reached = 0;
    for (const list of [this.evaluations, this.distances])
      for (let i = list.length - 1; i >= 0; i--)
        if (list[i].stage === 'evaluate') list.splice(i, 1);
  }

  private stage(name: string): StageHistory {
    let stage = this.stages.get(name);
    if (!stage) this.stages.set(name, (stage = new StageHistory(name)));
    return stage;
  }

  /** The stages that there are, in the order in which they run; those that the plan does not know after those that it does. */
  get ordered(): StageHistory[] {
    const known = stageNames(this.plan);
    const others = [...this.stages.keys()].filter((name) => !known.includes(name));
    return [...known, ...others].flatMap((name) => this.stages.get(name) ?? []);
  }

  stageTitle(name: string): string {
    return stageTitle(this.plan, name);
  }

  networkTitle(name: string): string {
    return networkTitle(this.plan, name);
  }

  /** The stage at work, or the last one. */
  get current(): StageHistory | null {
    const { ordered } = this;
    return (
      ordered.find((s) => s.state === 'started' || s.state === 'resumed') ?? ordered.at(-1) ?? null
    );
  }

  /** Steps of the whole run before a stage begins, so that one axis holds all stages. */
  offset(stage: string): number {
    let sum = 0;
    for (const s of this.ordered) {
      if (s.stage === stage) break;
      if (s.state !== 'skipped') sum += s.steps;
    }
    return sum;
  }

  /** Domains in the order of their first mention, each with its role. */
  get domains(): Map<string, 'source' | 'target'> {
    return new Map(
      [...this.cohorts, ...this.evaluations].map(({ domain, role }) => [domain, role] as const),
    );
  }
}
