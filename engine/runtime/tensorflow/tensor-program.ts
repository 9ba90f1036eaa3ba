import {
  ancestors,
  elements,
  GraphError,
  type ElementType,
  type Graph,
  type Node,
  type TensorData,
  type Value,
} from '../../graph/graph';
import { lower } from '../../graph/lower';
import { operatorKey } from '../../graph/operators/operators';
import type { Program, ProgramOptions } from '../runtime';
import { isNext, next } from '../state';
import { kernels } from './kernels/kernels';
import { Work } from './kernels/kernel';
import { LaidOut, type Tensor, type TensorFlow } from './laid-out';

/** A graph that TensorFlow.js computes node by node. Every parameter that its outputs need must be in `frozen` or `state`. */
export function compileTensors(
  tf: TensorFlow,
  graph: Graph,
  options: Pick<ProgramOptions, 'frozen' | 'state'>,
): Program {
  const own = lower(graph, (node, inputs) =>
    kernels.has(operatorKey(node.operator))
      ? inputs[0].graph.add(node.operator, inputs, node.attributes)
      : null,
  );
  const needed = ancestors(own.outputs.values());
  const steps = own.nodes.filter((node) => needed.has(node));
  for (const { operator, name } of steps)
    if (!kernels.has(operatorKey(operator)))
      throw new GraphError(`TensorFlow.js has no operator ${operator.name} here, as ${name} is`);
  const used = new Set<Value>([...steps.flatMap(({ inputs }) => inputs), ...own.outputs.values()]);
  for (const { name, value } of own.parameters.values())
    if (used.has(value) && !options.frozen?.has(name) && !options.state?.has(name))
      throw new Error(`parameter ${name} has neither a frozen value nor a place in the state`);
  return new TensorProgram(tf, own, steps, used, options);
}

/** What TensorFlow.js calls element types; it has integers of 32 bits alone. */
const types = { float32: 'float32', uint8: 'int32', int64: 'int32', bool: 'bool' } as const;

function tensorOf(
  tf: TensorFlow,
  data: TensorData,
  { type, shape }: { type: ElementType; shape: readonly number[] },
): Tensor {
  const held = data instanceof BigInt64Array ? Int32Array.from(data, Number) : data;
  return tf.tensor(held, [...shape], types[type]);
}

/**
 * An interpreter: one call of TensorFlow after the other, each value freed after its last use. What stays between runs are the
 * constants and the state.
 */
class TensorProgram implements Program {
  /** Constants and frozen weights, and in which orders of axes they were asked for. */
  private readonly fixed = new Map<Value, LaidOut>();
  private readonly current = new Map<string, LaidOut>();
  /** For each step the values that none after it uses. */
  private readonly done: readonly (readonly Value[])[];

  constructor(
    private readonly tf: TensorFlow,
    private readonly graph: Graph,
    private readonly steps: readonly Node[],
    private readonly used: ReadonlySet<Value>,
    { frozen, state }: Pick<ProgramOptions, 'frozen' | 'state'>,
  ) {
    for (const [value, data] of graph.constants)
      if (used.has(value)) this.fixed.set(value, this.made(data, value));
    for (const { name, value } of graph.parameters.values()) {
      if (!used.has(value)) continue;
      const [still, moving] = [frozen?.get(name), state?.get(name)];
      // TensorFlow.js may keep what it is given, and callers change theirs.
      if (still) this.fixed.set(value, this.made(still.slice(), value));
      else if (moving) this.current.set(name, this.made(moving.slice(), value));
    }
    const last = new Map<Value, number>();
    steps.forEach(({ inputs, outputs }, i) =>
      [...outputs, ...inputs].forEach((value) => last.set(value, i)),
    );
    for (const value of graph.outputs.values()) last.delete(value);
    const done: Value[][] = steps.map(() => []);
    for (const [value, i] of last) done[i].push(value);
    this.done = done;
  }

  async run(
    feeds: Readonly<Record<string, TensorData>> = {},
  ): Promise<Record<string, Float32Array>> {
    for (const { name, shape } of this.usedInputs())
      if (feeds[name]?.length !== elements(shape))
        throw new Error(
          `input ${name}: expected ${elements(shape)} elements, found ${feeds[name]?.length}`,
        );
    // What this run makes, and no other has.
    const made = new Map<Value, LaidOut>();
    try {
      for (const input of this.usedInputs()) made.set(input, this.made(feeds[input.name], input));
      const before = new Map(
        [...this.current].map(([name, held]) => [this.graph.parameters.get(name)!.value, held]),
      );
      const of = (value: Value) => made.get(value) ?? before.get(value) ?? this.fixed.get(value)!;
      this.steps.forEach((node, step) => {
        const work = new Work(this.tf, node, node.inputs.map(of));
        this.tf.tidy(() => {
          const found = kernels.get(operatorKey(node.operator))!(work);
          [found].flat().forEach((held, i) => made.set(node.outputs[i], held));
        });
        for (const value of this.done[step]) {
          made.get(value)?.dispose();
          made.delete(value);
        }
      });
      const results: Record<string, Float32Array> = {};
      for (const [name, value] of this.graph.outputs)
        if (!isNext(name)) results[name] = await this.read(of(value));
      this.moveOn(made, of);
      return results;
    } finally {
      for (const held of made.values()) held.dispose();
    }
  }

  /** The state's next values take the places of those before. What it takes of what was made is its own from then on. */
  private moveOn(made: Map<Value, LaidOut>, of: (value: Value) => LaidOut): void {
    const after = new Map<string, LaidOut>();
    const taken = new Map<Value, LaidOut>();
    for (const name of this.current.keys()) {
      const value = this.graph.outputs.get(next(name));
      if (!value) continue;
      // Two may have one value, and it may be that of a parameter.
      const held = taken.get(value) ?? of(value);
      const own = made.delete(value);
      if (own) taken.set(value, held);
      after.set(name, own ? held : this.copy(held));
    }
    for (const [name, held] of after) {
      this.current.get(name)!.dispose();
      this.current.set(name, held);
    }
  }

  load(state: ReadonlyMap<string, Float32Array>): void {
    for (const [name, before] of this.current) {
      const data = state.get(name);
      if (!data) continue;
      this.current.set(name, this.made(data.slice(), this.graph.parameters.get(name)!.value));
      before.dispose();
    }
  }

  async state(): Promise<Map<string, Float32Array>> {
    const copy = new Map<string, Float32Array>();
    for (const [name, held] of this.current) copy.set(name, await this.read(held));
    return copy;
  }

  release(): Promise<void> {
    for (const held of [...this.fixed.values(), ...this.current.values()]) held.dispose();
    this.fixed.clear();
    this.current.clear();
    return Promise.resolve();
  }

  private usedInputs(): Value[] {
    return this.graph.inputs.filter((input) => this.used.has(input));
  }

  private made(data: TensorData, value: Value): LaidOut {
    return new LaidOut(this.tf, value.shape, tensorOf(this.tf, data, value));
  }

  private copy(held: LaidOut): LaidOut {
    return new LaidOut(this.tf, held.shape, this.tf.clone(held.in(held.order)), held.order);
  }

  /** A copy of its numbers in the graph's order of axes. */
  private async read(held: LaidOut): Promise<Float32Array> {
    return Float32Array.from(await held.plain.data());
  }
}
