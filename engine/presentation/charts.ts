import type { ContrastiveSnapshot } from '../contract/contrastive-snapshot';
import type { NetworkInfo } from '../contract/plan';
import type { Band, ColorName, Curve, Heatmap, LineChart, Marker, Scatter } from './chart';
import type { Measure } from '../contract/packet';
import type { History, StageHistory } from './history';
import { withinSentence } from './networks';
import { dashes, networkColors, seriesColors } from './palette';

/** `run`: all stages one after the other; `stage`: every stage from its own step 0, one above the other. */
export type Axis = 'run' | 'stage';

/** Markers of networks, in their order. */
const networkMarkers: readonly Marker[] = ['square', 'triangle', 'diamond', 'circle'];

/** The marker of a network, by its number in the palette: where colours come again, beyond the eighth network, markers are others. */
export const networkMarker = (color: number): Marker =>
  networkMarkers[(color + Math.floor(color / networkColors.length)) % networkMarkers.length];

/** How a term of a loss is drawn. */
function termStyle(stage: StageHistory, term: string): Pick<Curve, 'name' | 'color' | 'dash'> {
  if (term === 'loss') return { name: 'Total', color: { kind: 'text' }, dash: [] };
  const { title, color, dashed } = stage.term(term);
  // Where colours come again, dashes are others.
  const round = Math.floor(color / seriesColors.length);
  const dash = dashes[(2 * round + Number(dashed ?? false)) % dashes.length];
  return { name: title, color: { kind: 'series', index: color }, dash };
}

/** Every term of a stage's loss. `smoothing` as in `smooth`; above 0 the curve itself stays faintly behind. */
export function lossChart(
  history: History,
  stage: StageHistory,
  { smoothing, log }: { smoothing: number; log: boolean },
): LineChart {
  const x = stage.step;
  const curves = stage.terms.map((term): Curve => {
    const y = stage.losses(term);
    return {
      ...termStyle(stage, term),
      x,
      y: smoothing > 0 ? stage.smoothedLosses(term, smoothing) : y,
      ...(smoothing > 0 ? { raw: y } : {}),
      marker: null,
    };
  });
  return {
    kind: 'lines',
    title: `Loss, ${withinSentence(history.stageTitle(stage.stage))}`,
    xTitle: 'Step',
    yTitle: 'Loss',
    log,
    curves,
    bands: [],
  };
}

/** How a curve of a network in a domain is drawn: the network gives hue and marker, the domain's role shade and dash. */
function networkStyle(
  network: NetworkInfo,
  role: 'source' | 'target',
  targetIndex: number,
): Pick<Curve, 'color' | 'dash' | 'marker'> {
  const target = role === 'target';
  return {
    color: { kind: 'network', index: network.color, soft: target },
    dash: target ? dashes[1 + (targetIndex % (dashes.length - 1))] : [],
    marker: networkMarker(network.color),
  };
}

/** Dice of every network on every domain over time. During training sources are judged on validation cases, at the end on test cases. */
export function diceChart(history: History, axis: Axis): LineChart {
  const { domains } = history;
  const targets = [...domains].flatMap(([name, role]) => (role === 'target' ? [name] : []));
  const curves = history.plan.networks.flatMap((network) =>
    [...domains].flatMap(([domain, role]): Curve[] => {
      const points = history.evaluations.filter(
        (e) => e.network === network.name && e.domain === domain && e.dice !== null,
      );
      const drawn = eventCurve(history, axis, points, (e) => e.dice!);
      if (drawn.x.length === 0) return [];
      return [
        {
          name: `${network.title}, ${domain} (${role})`,
          ...drawn,
          ...networkStyle(network, role, targets.indexOf(domain)),
        },
      ];
    }),
  );
  return {
    kind: 'lines',
    title: 'Dice by network and domain',
    xTitle: axisTitle(axis),
    yTitle: 'Dice',
    log: false,
    curves,
    bands: axis === 'run' ? stageBands(history) : [],
  };
}

/** Fréchet Semantic Distance of every pair over time, by network. */
export function fsdChart(history: History, axis: Axis): LineChart {
  const pairs = [...new Set(history.distances.map((e) => e.pair))];
  const curves = history.plan.networks.flatMap((network) =>
    pairs.flatMap((pair, p): Curve[] => {
      const points = history.distances.filter((e) => e.network === network.name && e.pair === pair);
      const drawn = eventCurve(history, axis, points, (e) => e.value);
      if (drawn.x.length === 0) return [];
      return [
        {
          name: `${network.title}, ${pair}`,
          ...drawn,
          color: { kind: 'network', index: network.color, soft: p > 0 },
          dash: dashes[p % dashes.length],
          marker: networkMarker(network.color),
        },
      ];
    }),
  );
  return {
    kind: 'lines',
    title: 'Fréchet Semantic Distance by pair of domains',
    xTitle: axisTitle(axis),
    yTitle: 'FSD (lower is better)',
    log: false,
    curves,
    bands: axis === 'run' ? stageBands(history) : [],
  };
}

const axisTitle = (axis: Axis): string =>
  axis === 'run' ? 'Step of the run' : 'Step of the stage';

/** Points of events in order. What the evaluation at the end finds stands apart: it has other cases. */
function eventCurve<E extends { stage: string; step: number }>(
  history: History,
  axis: Axis,
  events: readonly E[],
  value: (event: E) => number,
): Pick<Curve, 'x' | 'y'> {
  const x: number[] = [];
  const y: number[] = [];
  for (const event of events) {
    if (axis === 'stage' && event.stage === 'evaluate') continue;
    const at = axis === 'run' ? history.offset(event.stage) + event.step : event.step;
    if (event.stage === 'evaluate' && x.length > 0) {
      x.push(at - 0.5);
      y.push(NaN);
    }
    x.push(at);
    y.push(value(event));
  }
  return { x: Float64Array.from(x), y: Float64Array.from(y) };
}

/** Gradient norms of a stage's terms on what it trains. */
export function gradientChart(history: History, stage: StageHistory): LineChart {
  const events = history.gradients.filter((e) => e.stage === stage.stage);
  const terms = [...new Set(events.flatMap((e) => Object.keys(e.norms)))];
  return {
    kind: 'lines',
    title: `Gradient norms, ${withinSentence(history.stageTitle(stage.stage))}`,
    xTitle: 'Step',
    yTitle: 'Gradient norm',
    log: true,
    curves: terms.map((term) => ({
      ...termStyle(stage, term),
      x: Float64Array.from(events, (e) => e.step),
      y: Float64Array.from(events, (e) => e.norms[term] ?? NaN),
      marker: 'circle',
    })),
    bands: [],
  };
}

const measureTitles: Record<Measure, readonly [title: string, axis: string, factor: number]> = {
  imagesPerSecond: ['Speed', 'Images per second', 1],
  learningRate: ['Learning rate', 'Learning rate', 1],
  memory: ['Memory', 'Memory of the engine, MiB', 1 / 2 ** 20],
  gradientNorm: ['Norm of the whole gradient', 'Norm, before clipping', 1],
};

/** Speed, learning rate, memory or the whole gradient's norm over the whole run. */
export function measureChart(history: History, measure: Measure, smoothing = 0): LineChart {
  const [title, yTitle, factor] = measureTitles[measure];
  const stages = history.ordered.filter((s) => s.step.length > 0);
  const rows = stages.reduce((sum, s) => sum + s.step.length + 1, 0);
  const x = new Float64Array(rows);
  const y = new Float64Array(rows);
  let at = 0;
  for (const stage of stages) {
    const offset = history.offset(stage.stage);
    const { step } = stage;
    const values =
      smoothing > 0 ? stage.smoothedMeasure(measure, smoothing) : stage.measure(measure);
    for (let i = 0; i < values.length; i++) {
      x[at] = offset + step[i];
      y[at++] = factor * values[i];
    }
    // A gap between stages.
    x[at] = (x[at - 1] ?? 0) + 0.5;
    y[at++] = NaN;
  }
  return {
    kind: 'lines',
    title,
    xTitle: axisTitle('run'),
    yTitle,
    log: false,
    curves: [{ name: yTitle, x, y, color: { kind: 'series', index: 0 }, dash: [], marker: null }],
    bands: stageBands(history),
  };
}

/** Where each stage lies on the axis of the run. */
export function stageBands(history: History): Band[] {
  return history.ordered
    .filter((s) => s.state !== 'skipped' && s.steps > 0)
    .map(({ stage, steps }) => {
      const from = history.offset(stage);
      return { from, to: from + steps, title: history.stageTitle(stage) };
    });
}

export type ContrastiveGraphKind = 'intra' | 'inter';

/** What the nodes of a graph's cell are: pictures by image and view, 0 the anchor. */
export interface ContrastiveEdge {
  row: { image: number; view: number };
  column: { image: number; view: number };
}

export function contrastiveEdge(
  snapshot: ContrastiveSnapshot,
  kind: ContrastiveGraphKind,
  row: number,
  column: number,
): ContrastiveEdge {
  const node = (i: number) => ({
    image: Math.floor(i / snapshot.views),
    view: (i % snapshot.views) + 1,
  });
  return kind === 'intra'
    ? { row: { image: row, view: 0 }, column: { image: row, view: column + 1 } }
    : { row: node(row), column: node(column) };
}

/** What a node is called: `image 2 (ct), view 3`. */
export function nodeTitle(
  snapshot: ContrastiveSnapshot,
  { image, view }: ContrastiveEdge['row'],
): string {
  return `image ${image + 1} (${snapshot.domains[image]}), ${view === 0 ? 'anchor' : `view ${view}`}`;
}

/** A graph's edges in the teacher, in the student, and student minus teacher. The first two share their scale. */
export function contrastiveHeatmaps(
  snapshot: ContrastiveSnapshot,
  kind: ContrastiveGraphKind,
): Record<'teacher' | 'student' | 'difference', Heatmap> {
  const { images, views } = snapshot;
  const edges = (network: 'teacher' | 'student'): number[][] =>
    kind === 'intra'
      ? snapshot.intra[network]
      : snapshot.inter[network].map((row, r) =>
          row.map((value, c) => (isEdge(snapshot, r, c) ? value : NaN)),
        );
  const teacher = edges('teacher');
  const student = edges('student');
  const difference = student.map((row, r) => row.map((value, c) => value - teacher[r][c]));
  const least = [...teacher, ...student].flat().reduce((a, b) => (b < a ? b : a), 1);
  const largest = difference.flat().reduce((a, b) => (Math.abs(b) > a ? Math.abs(b) : a), 0);
  // Steps, so that colours mean the same from one evaluation to the next where they can.
  const low = [0.9, 0.75, 0.5, 0, -0.5].find((v) => v <= least) ?? -1;
  const high = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].find((v) => v >= largest) ?? 2;
  const node = (i: number) => `${Math.floor(i / views) + 1}.${(i % views) + 1}`;
  const count = kind === 'intra' ? images : images * views;
  const rows = Array.from({ length: count }, (_, i) =>
    kind === 'intra' ? String(i + 1) : node(i),
  );
  const columns =
    kind === 'intra' ? Array.from({ length: views }, (_, i) => `view ${i + 1}`) : rows;
  const title = kind === 'intra' ? 'intra-coupling' : 'inter-coupling';
  const map = (name: string, values: number[][], scale: Heatmap['scale']): Heatmap => ({
    kind: 'heatmap',
    title: `${name}, ${title}, step ${snapshot.step}`,
    rows,
    columns,
    values,
    scale,
    range: scale === 'sequential' ? [low, 1] : [-high, high],
    group: kind === 'intra' ? 0 : views,
  });
  return {
    teacher: map('Teacher', teacher, 'sequential'),
    student: map('Student', student, 'sequential'),
    difference: map('Student - teacher', difference, 'diverging'),
  };
}

/** Whether two views are joined by an edge of the method's inter-coupling graph. */
function isEdge({ inter, views }: ContrastiveSnapshot, r: number, c: number): boolean {
  if (r === c) return false;
  return inter.scope === 'batch' || Math.floor(r / views) === Math.floor(c / views);
}

const sideTitles = { teacher: 'Teacher', student: 'Student' };

/** Vectors of both networks: the domain gives the colour, the network the shape; anchors are filled, their views are outlines. */
export function vectorScatter(snapshot: ContrastiveSnapshot): Scatter {
  const { vectors, step, images, views } = snapshot;
  const domains = [...new Set(vectors.domain)];
  const color = (domain: string): ColorName => ({ kind: 'series', index: domains.indexOf(domain) });
  const markers = { teacher: 'square', student: 'circle' } as const;
  const points = (['teacher', 'student'] as const).flatMap((network) =>
    vectors[network].map(([x, y], r) => {
      const anchor = vectors.kind[r] === 'anchor';
      const image = r < images ? r : Math.floor((r - images) / views);
      const view = r < images ? 0 : ((r - images) % views) + 1;
      return {
        x,
        y,
        title: `${sideTitles[network]}, ${nodeTitle(snapshot, { image, view })}`,
        color: color(vectors.domain[r]),
        marker: markers[network],
        filled: anchor,
      };
    }),
  );
  const percent = (share: number) => `${(100 * share).toFixed(0)}% of the variance`;
  return {
    kind: 'scatter',
    title: `Domain-invariant vectors, step ${step}`,
    xTitle: `Principal component 1 (${percent(vectors.explained[0])})`,
    yTitle: `Component 2 (${percent(vectors.explained[1])})`,
    points,
    legend: [
      ...(['teacher', 'student'] as const).flatMap((network) =>
        [true, false].map((filled) => ({
          title: `${network}, ${filled ? 'anchors' : 'views'}`,
          color: { kind: 'text' } as const,
          marker: markers[network],
          filled,
        })),
      ),
      ...domains.map((domain) => ({
        title: domain,
        color: color(domain),
        marker: 'circle' as const,
        filled: true,
      })),
    ],
  };
}

/** A run among several whose curves are overlaid. */
export interface NamedHistory {
  name: string;
  history: History;
}

/** Curves that at least one of the runs has; `key` for `comparisonChart`. */
export function comparableCurves(runs: readonly NamedHistory[]): { key: string; title: string }[] {
  const found = new Map<string, string>();
  for (const { history } of runs) {
    for (const e of history.evaluations)
      if (e.stage !== 'evaluate')
        found.set(
          JSON.stringify(['dice', e.network, e.domain]),
          `Dice, ${history.networkTitle(e.network)}, ${e.domain} (${e.role})`,
        );
    for (const e of history.distances)
      found.set(
        JSON.stringify(['fsd', e.network, e.pair]),
        `FSD, ${history.networkTitle(e.network)}, ${e.pair}`,
      );
  }
  for (const { history } of runs)
    for (const stage of [...history.ordered].reverse())
      for (const term of stage.terms)
        found.set(
          JSON.stringify(['loss', stage.stage, term]),
          `Loss, ${withinSentence(history.stageTitle(stage.stage))}: ${termStyle(stage, term).name}`,
        );
  return [...found].map(([key, title]) => ({ key, title }));
}

/** One curve of several runs over the steps of its stage, a colour and a dash a run. */
export function comparisonChart(
  runs: readonly NamedHistory[],
  key: string,
  { smoothing, log }: { smoothing: number; log: boolean },
): LineChart {
  const [kind, first, second] = JSON.parse(key) as [string, string, string];
  const points = (history: History): Pick<Curve, 'x' | 'y' | 'raw'> => {
    if (kind === 'loss') {
      const stage = history.stages.get(first);
      const y = stage?.losses(second) ?? new Float32Array(0);
      const x = y.length ? stage!.step : new Float64Array(0);
      return smoothing > 0 && stage
        ? { x, y: stage.smoothedLosses(second, smoothing), raw: y }
        : { x, y };
    }
    return kind === 'dice'
      ? eventCurve(
          history,
          'stage',
          history.evaluations.filter(
            (e) => e.network === first && e.domain === second && e.dice !== null,
          ),
          (e) => e.dice!,
        )
      : eventCurve(
          history,
          'stage',
          history.distances.filter((e) => e.network === first && e.pair === second),
          (e) => e.value,
        );
  };
  const title = comparableCurves(runs).find((c) => c.key === key)?.title ?? '';
  return {
    kind: 'lines',
    title,
    xTitle: axisTitle('stage'),
    yTitle: kind === 'loss' ? 'Loss' : kind === 'dice' ? 'Dice' : 'FSD (lower is better)',
    log: log && kind === 'loss',
    curves: runs.map(({ name, history }, r) => ({
      name,
      ...points(history),
      color: { kind: 'series', index: r },
      dash: dashes[r % dashes.length],
      marker: kind === 'loss' ? null : 'circle',
    })),
    bands: [],
  };
}
