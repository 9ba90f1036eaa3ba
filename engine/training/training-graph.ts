import type { TrainingConfig } from '../config/config';
import { UserError } from '../errors';
import {
  add,
  clip,
  div,
  equal,
  mul,
  sqrt,
  stopGradient,
  sub,
  where,
} from '../graph/operators/elementwise';
import { gradients } from '../graph/gradients';
import type { Graph, Value } from '../graph/graph';
import { sumAll } from '../graph/operators/reduction';
import { reshape, slice } from '../graph/operators/shape';
import { next } from '../runtime/state';
import { optimizerStep } from './optimizer';
import { groupsOf, joined, keptBeside, namedParts, type WeightGroup } from './weight-groups';
import type { Loss, WeightedTerm } from './stage';

/** A term's scale is kept within this factor of 1. */
const largestScale = 1e4;

/** Names of the weights that a loss trains. */
export function trainedWeights(graph: Graph, loss: Loss<WeightedTerm>): string[] {
  return [...graph.parameters.values()]
    .filter((p) => p.trainable && loss.trains.some((prefix) => p.name.startsWith(prefix)))
    .map((p) => p.name);
}

/** Each term times its weight and scale. One scaled like another has the scale 0 until the first step sets it. */
function weightedTerms(
  graph: Graph,
  loss: Loss<WeightedTerm>,
): { terms: Map<string, Value>; scales: Map<string, Value> } {
  const terms = new Map<string, Value>();
  const scales = new Map<string, Value>();
  for (const [name, { value, weight, like, share }] of Object.entries(loss.terms)) {
    let weighted = mul(value, graph.scalar(weight));
    if (share !== undefined)
      weighted = mul(weighted, reshape(slice(scaleOf(graph, name, [2]), [0], [0], [1]), []));
    else if (like) {
      const kept = scaleOf(graph, name, []);
      const ratio = div(stopGradient(like), clip(stopGradient(value), 1e-12, Infinity));
      const scale = where(
        equal(kept, graph.scalar(0)),
        clip(ratio, 1 / largestScale, largestScale),
        kept,
      );
      scales.set(kept.name, scale);
      weighted = mul(weighted, scale);
    }
    terms.set(name, weighted);
  }
  return { terms, scales };
}

/** Under this name a term's scale is kept. */
export const scaleName = (term: string): string => `${term}@scale`;

const scaleOf = (graph: Graph, term: string, shape: readonly number[]): Value =>
  graph.parameter(scaleName(term), shape, { kind: 'constant', value: 0 }, { trainable: false });

/**
 * A term's scale by its gradient, and the first that it had, for the steps to come: the geometric mean of what it was and of what
 * would give it its share now, at most four times the first, so that a term that is done does not grow without end.
 * `norm`: of the term's weighted gradient without its scale; `reference`: of that of the unscaled terms' sum.
 */
export function rescaled(
  [scale, first]: ArrayLike<number> & Iterable<number>,
  { share, weight }: { share: number; weight: number },
  norm: number,
  reference: number,
): Float32Array {
  const wanted = Math.min((share * reference * weight) / norm, largestScale);
  if (!Number.isFinite(wanted)) return Float32Array.of(scale, first);
  if (first === 0) return Float32Array.of(wanted, wanted);
  return Float32Array.of(Math.min(Math.sqrt(scale * wanted), 4 * first), first);
}

/**
 * Completes a graph to a whole training step: the weighted sum of the terms, its gradient, clipping and the optimiser.
 * Outputs: `loss`, `term:NAME` (unweighted), `gradientNorm` (before clipping), and the next values of all state. Whether every
 * term acts is for `addGradientNorms` to say.
 *
 * With `parts` above 1 the graph is that of one part of a batch, run for each of them with the input `part` from 0 on: gradients are
 * summed in state of their own, `<weight>@gradient`, and the run of the last part steps with their mean. Outputs are those of the part,
 * `gradientNorm` that of the mean so far; running statistics move on with every part.
 *
 * With `average` above 0 an exponential moving average of what is trained and of running statistics is kept, `<weight>@average`, with the
 * input `averageDecay` as the share of what it was.
 */
export function addTrainingStep(
  graph: Graph,
  loss: Loss<WeightedTerm>,
  config: Pick<TrainingConfig, 'optimizer' | 'clipNorm'> & { average?: number },
  parts = 1,
): void {
  const { terms, scales } = weightedTerms(graph, loss);
  const names = trainedWeights(graph, loss);
  const weights = names.map((name) => graph.parameters.get(name)!.value);
  const total = [...terms.values()].reduce((sum, term) => add(sum, term));
  const byWeight = new Map<string, Value>();
  gradients(total, weights).forEach((gradient, i) => {
    // A weight that the loss does not reach stays as it is: the header of the student's own vector, for one.
    if (gradient) byWeight.set(names[i], gradient);
  });
  const groups = groupsOf(byWeight);
  const part = parts > 1 ? graph.input('part', 'float32', []) : null;
  const sums = part ? summed(graph, groups, part, parts) : [];
  const norm = globalNorm(
    graph,
    groups.map(({ gradient }) => gradient),
  );
  if (config.clipNorm > 0) {
    const factor = clip(div(graph.scalar(config.clipNorm), add(norm, graph.scalar(1e-6))), 0, 1);
    for (const group of groups) group.gradient = mul(group.gradient, factor);
  }
  graph.output('loss', total);
  graph.output('gradientNorm', norm);
  for (const [name, { value }] of Object.entries(loss.terms)) graph.output(`term:${name}`, value);
  const stepped = [...optimizerStep(graph, groups, config.optimizer)];
  if (config.average) stepped.push(...averages(graph, groups, new Map(stepped), loss));
  const state = [
    ...(part ? atLast(graph, stepped, part, parts) : stepped),
    ...sums,
    ...(loss.statistics ?? []),
    ...scales,
  ];
  for (const [name, value] of state) graph.output(next(name), value);
}

const average = 'average';
/** Under this name the moving average of a weight is kept. */
export const averageName = (weight: string): string => `${weight}@${average}`;

/** The next values of the moving averages, of the weights as they are after the step. */
function averages(
  graph: Graph,
  groups: readonly WeightGroup[],
  stepped: ReadonlyMap<string, Value>,
  { statistics = new Map<string, Value>() }: Loss<WeightedTerm>,
): [name: string, value: Value][] {
  const decay = graph.input('averageDecay', 'float32', []);
  const latest = new Map([...stepped, ...statistics]);
  const running = [...statistics.keys()].filter((name) => !name.includes('@'));
  return [...groups.map(({ names }) => names), running].flatMap((names) => {
    if (names.length === 0) return [];
    const values = names.map((name) => latest.get(name)!);
    const kept = keptBeside(graph, names, values, average);
    const now = joined(values);
    return namedParts(add(now, mul(sub(joined(kept), now), decay)), names.map(averageName), values);
  });
}

/** Replaces each group's gradient by the mean over the parts so far; returns the next values of their sums. */
function summed(
  graph: Graph,
  groups: readonly WeightGroup[],
  part: Value,
  parts: number,
): [name: string, value: Value][] {
  const isFirst = equal(part, graph.scalar(0));
  return groups.flatMap((group) => {
    const weights = group.names.map((name) => graph.parameters.get(name)!.value);
    const kept = keptBeside(graph, group.names, weights, 'gradient');
    const sum = where(isFirst, group.gradient, add(joined(kept), group.gradient));
    group.gradient = mul(sum, graph.scalar(1 / parts));
    return namedParts(
      sum,
      kept.map(({ name }) => name),
      weights,
    );
  });
}

/** The next values at the last part; before it the present ones stay. */
function atLast(
  graph: Graph,
  stepped: readonly (readonly [name: string, value: Value])[],
  part: Value,
  parts: number,
): [name: string, value: Value][] {
  const isLast = equal(part, graph.scalar(parts - 1));
  return stepped.map(([name, value]) => [
    name,
    where(isLast, value, graph.parameters.get(name)!.value),
  ]);
}

/**
 * Completes a graph to the diagnosis of a loss: `norm:NAME`, the L2 norm of each weighted term's gradient on what is trained, scaled but
 * where that is by its gradient; then `reference`, the norm of that of the other terms' sum.
 * @throws UserError for a term that nothing trained depends on
 */
export function addGradientNorms(graph: Graph, loss: Loss<WeightedTerm>): void {
  const weights = trainedWeights(graph, loss).map((name) => graph.parameters.get(name)!.value);
  const normOf = (value: Value): Value | null => {
    const found = gradients(value, weights).filter((g) => g !== null);
    return found.length ? globalNorm(graph, found) : null;
  };
  const unscaled: WeightedTerms = Object.fromEntries(
    Object.entries(loss.terms).map(([name, term]) => [name, { ...term, share: undefined }]),
  );
  const { terms } = weightedTerms(graph, { ...loss, terms: unscaled });
  for (const [name, term] of terms) {
    const norm = normOf(term);
    if (!norm)
      throw new UserError(
        `The term "${name}" of the loss depends on nothing that this stage trains.`,
      );
    graph.output(`norm:${name}`, norm);
  }
  const fixed = [...terms].filter(([name]) => loss.terms[name].share === undefined);
  if (fixed.length === 0 || fixed.length === terms.size) return;
  const sum = fixed.map(([, term]) => term).reduce((a, b) => add(a, b));
  graph.output('reference', normOf(sum)!);
}

type WeightedTerms = Record<string, WeightedTerm>;

/** The L2 norm over several tensors. */
function globalNorm(graph: Graph, values: readonly Value[]): Value {
  const squares = values.map((g) => sumAll(mul(g, g)));
  return sqrt(squares.reduce((sum, s) => add(sum, s), graph.scalar(0)));
}
