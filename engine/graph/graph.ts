/** Element types of tensors that programs here use, with ONNX's numbers for them. */
export const elementTypes = { float32: 1, uint8: 2, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof elementTypes;

export interface TensorType {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

export type TensorData = Float32Array | BigInt64Array | Uint8Array;

/** An operator's attributes by ONNX's names, as plain values. */
export type Attributes = Readonly<Record<string, number | string | readonly number[] | undefined>>;
export type NoAttributes = Readonly<Record<string, never>>;

/** ONNX's kinds of attributes that operators here use. */
export type AttributeKind = 'int' | 'float' | 'ints' | 'floats' | 'string';
/** An attribute that may be left out is marked with `?`. */
export type DeclaredKind = AttributeKind | `${AttributeKind}?`;
type KindOf<V> = V extends number
  ? 'int' | 'float'
  : V extends string
    ? 'string'
    : 'ints' | 'floats';
type DeclaredKindOf<V> = number | string extends V
  ? DeclaredKind
  : undefined extends V
    ? `${KindOf<NonNullable<V>>}?`
    : KindOf<V>;
/** The kind of each of the attributes A, in the order in which they are written. */
export type AttributeKinds<A> = { readonly [N in keyof A]-?: DeclaredKindOf<A[N]> };

/**
 * What is known of an operator with the attributes A: how its outputs' types follow from its inputs, and its gradient.
 * An operator without `gradient` cannot be differentiated through; asking for it is an error that names it. A gradient stands
 * beside its operator also where two families then need each other: elementwise, reduction and shape; pooling and resize.
 */
export interface Operator<A extends Attributes = NoAttributes> {
  readonly name: string;
  /** ONNX domain; '' is the standard one. */
  readonly domain?: string;
  readonly attributes: AttributeKinds<A>;
  /** Throws through `expect` where the inputs do not fit. */
  infer(inputs: readonly Value[], attributes: A): TensorType[];
  /**
   * The gradient for each input (null: none), given that of each output.
   * `needs[i]` is false where input i's gradient is not asked for.
   */
  gradient?(
    node: Node<A>,
    outputGradients: readonly Value[],
    needs: readonly boolean[],
  ): (Value | null)[];
  /** True if `gradient` accepts an output gradient that still has to be broadcast to the output's shape. */
  broadcastsGradient?: boolean;
  /**
   * What ONNX has no operator for is made of others before it is written: appends them to the graph of `inputs`, which stand for
   * the node's own, and returns what stands for its outputs. Devices may know a faster way; see `lower`.
   */
  expand?(node: Node<A>, inputs: readonly Value[]): Value[];
}
export type AnyOperator = Operator<Attributes>;

/** A tensor in a graph: its static type, and the node that makes it (null: an input or a constant). */
export class Value implements TensorType {
  constructor(
    readonly graph: Graph,
    readonly name: string,
    readonly type: ElementType,
    readonly shape: readonly number[],
    readonly node: Node | null,
  ) {}

  get rank(): number {
    return this.shape.length;
  }
  get size(): number {
    return elements(this.shape);
  }
}

export interface Node<A extends Attributes = Attributes> {
  readonly operator: Operator<A>;
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: A;
}

/** A named weight or running statistic: an input of the graph whose data belong to the caller. */
export interface Parameter {
  readonly name: string;
  readonly value: Value;
  /** How a fresh one is filled; see `networks/initialization.ts`. */
  readonly initial: Initializer;
  /** False for running statistics, which no gradient updates. */
  readonly trainable: boolean;
}

export type Initializer =
  | { kind: 'constant'; value: number }
  | { kind: 'normal'; deviation: number }
  | { kind: 'uniform'; bound: number };

/** Number of elements of a shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

export function describe(t: TensorType): string {
  return `${t.type}[${t.shape.join(', ')}]`;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/** An error in building a graph: the operator, what it expects, what it found. */
export class GraphError extends Error {
  override name = 'GraphError';
}

export function expect(
  condition: boolean,
  operator: string,
  expected: string,
  found: readonly TensorType[] | string,
): asserts condition {
  if (!condition) {
    const what = typeof found === 'string' ? found : found.map(describe).join(', ');
    throw new GraphError(`${operator}: expected ${expected}, found ${what}`);
  }
}

/**
 * A computation under construction: nodes in the order they were added, which is a topological order.
 * Shapes are static; every node's output types are inferred, and its inputs checked, as it is added.
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly constants = new Map<Value, TensorData>();
  readonly parameters = new Map<string, Parameter>();
  readonly outputs = new Map<string, Value>();
  private readonly interned = new Map<string, Value>();
  private readonly shared = new Map<string, Value[]>();
  private readonly names = new Set<string>();
  private prefix = '';
  private counter = 0;

  /** Runs `build` with `name/` before the names of all nodes and parameters that it adds. */
  scope<T>(name: string, build: () => T): T {
    const outer = this.prefix;
    this.prefix = `${outer}${name}/`;
    try {
      return build();
    } finally {
      this.prefix = outer;
    }
  }

  private unique(name: string): string {
    if (this.names.has(name)) throw new GraphError(`the graph already has a value named "${name}"`);
    this.names.add(name);
    return name;
  }

  /** Data handed in at each run. */
  input(name: string, type: ElementType, shape: readonly number[]): Value {
    const value = new Value(this, this.unique(name), type, [...shape], null);
    this.inputs.push(value);
    return value;
  }

  /** A weight by its name within the scope; asking again for a name gives the same value. */
  parameter(
    name: string,
    shape: readonly number[],
    initial: Initializer,
    options: { trainable?: boolean } = {},
  ): Value {
    const full = this.prefix + name;
    const existing = this.parameters.get(full);
    if (existing) {
      expect(sameShape(existing.value.shape, shape), `parameter ${full}`, `[${shape.join(', ')}]`, [
        existing.value,
      ]);
      return existing.value;
    }
    const value = new Value(this, this.unique(full), 'float32', [...shape], null);
    this.parameters.set(full, {
      name: full,
      value,
      initial,
      trainable: options.trainable ?? true,
    });
    return value;
  }

  /** A constant tensor; equal small ones are shared. */
  constant(data: TensorData, shape: readonly number[]): Value {
    expect(
      data.length === elements(shape),
      'constant',
      `${elements(shape)} elements`,
      `${data.length}`,
    );
    const type =
      data instanceof Float32Array ? 'float32' : data instanceof BigInt64Array ? 'int64' : 'uint8';
    const key = data.length <= 16 ? `${type}[${shape.join()}]${data.join()}` : null;
    const shared = key === null ? undefined : this.interned.get(key);
    if (shared) return shared;
    const value = new Value(
      this,
      this.unique(`constant_${this.counter++}`),
      type,
      [...shape],
      null,
    );
    this.constants.set(value, data);
    if (key !== null) this.interned.set(key, value);
    return value;
  }

  /** A float32 scalar. */
  scalar(value: number): Value {
    return this.constant(Float32Array.of(value), []);
  }

  /** A one-dimensional int64 tensor: axes, shapes, pads. */
  integers(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values.map(BigInt)), [values.length]);
  }

  /** Adds a node and returns its outputs: those of an equal node where there is one. */
  add(operator: Operator, inputs: readonly Value[]): Value[];
  add<A extends Attributes>(
    operator: Operator<A>,
    inputs: readonly Value[],
    attributes: NoInfer<A>,
  ): Value[];
  add(operator: AnyOperator, inputs: readonly Value[], attributes: Attributes = {}): Value[] {
    for (const input of inputs)
      if (input.graph !== this)
        throw new GraphError(`${operator.name}: ${input.name} is of another graph`);
    const key = [
      operator.domain,
      operator.name,
      ...Object.entries(attributes).flat(),
      ...inputs.map((input) => input.name),
    ].join('\n');
    const equal = this.shared.get(key);
    if (equal) return equal;
    const types = operator.infer(inputs, attributes);
    const name = `${this.prefix}${operator.name}_${this.counter++}`;
    const outputs: Value[] = [];
    const node: Node = { operator, name, inputs: [...inputs], outputs, attributes };
    types.forEach((t, i) => {
      const output = i === 0 ? name : `${name}:${i}`;
      outputs.push(new Value(this, this.unique(output), t.type, t.shape, node));
    });
    this.nodes.push(node);
    this.shared.set(key, outputs);
    return outputs;
  }

  /** Adds a node that has one output. */
  apply(operator: Operator, inputs: readonly Value[]): Value;
  apply<A extends Attributes>(
    operator: Operator<A>,
    inputs: readonly Value[],
    attributes: NoInfer<A>,
  ): Value;
  apply(operator: AnyOperator, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.add(operator, inputs, attributes)[0];
  }

  /** Names a value as a result. */
  output(name: string, value: Value): void {
    this.outputs.set(this.unique(name), value);
  }
}

/**
 * The numbers that an operator's constant input holds: axes, a shape, widths.
 * @throws GraphError where they are computed, as shapes here are static
 */
export function constantNumbers(operator: string, input: Value): number[] {
  const data = input.graph.constants.get(input);
  expect(data !== undefined, operator, 'a constant', [input]);
  return Array.from<number | bigint, number>(data, Number);
}

/** The nodes that `outputs` depend on, in order. */
export function ancestors(outputs: Iterable<Value>): Set<Node> {
  const seen = new Set<Node>();
  const stack = [...outputs];
  while (stack.length) {
    const node = stack.pop()!.node;
    if (!node || seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.inputs);
  }
  return seen;
}
