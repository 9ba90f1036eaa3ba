import {
  constantNumbers,
  elementTypes,
  expect,
  sameShape,
  type Node,
  type Operator,
  type Value,
} from '../graph';
import { reduceSum } from './reduction';
import { reshape } from './shape';

/** NumPy's broadcasting of two shapes, or null where they do not fit. */
export function broadcast(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const m = a[a.length - rank + i] ?? 1;
    const n = b[b.length - rank + i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) return null;
    shape.push(m === 1 ? n : m);
  }
  return shape;
}

/** Sums a gradient over the axes along which a tensor of `shape` was broadcast. */
function reduceTo(gradient: Value, shape: readonly number[]): Value {
  const extra = gradient.rank - shape.length;
  const axes = gradient.shape.flatMap((n, i) =>
    n > 1 && (i < extra || shape[i - extra] === 1) ? [i] : [],
  );
  return reshape(axes.length ? reduceSum(gradient, axes) : gradient, shape);
}

/** The gradient of an operand from that of the broadcast result (which may itself still be to be broadcast). */
function toOperand(node: Node, gradient: Value, operand: Value): Value {
  const full = node.outputs[0].shape;
  return sameShape(operand.shape, full)
    ? gradient
    : reduceTo(expand(gradient, full), operand.shape);
}

function binary(name: string, gradient?: Operator['gradient'], result?: 'bool'): Operator {
  const logical = name === 'And';
  return {
    name,
    attributes: {},
    broadcastsGradient: true,
    infer([a, b]) {
      const shape = a.type === b.type ? broadcast(a.shape, b.shape) : null;
      expect(
        shape !== null && (a.type === 'bool') === logical,
        name,
        `two tensors of ${logical ? 'bools' : 'numbers of one type'} that broadcast`,
        [a, b],
      );
      return [{ type: result ?? a.type, shape }];
    },
    gradient,
  };
}

const expandOperator: Operator = {
  name: 'Expand',
  attributes: {},
  infer([x, wanted]) {
    const target = constantNumbers('Expand', wanted);
    const shape = broadcast(x.shape, target);
    expect(shape !== null, 'Expand', `a tensor that broadcasts to [${target.join(', ')}]`, [x]);
    return [{ type: x.type, shape }];
  },
  broadcastsGradient: true,
  gradient: (node, [dy]) => [toOperand(node, dy, node.inputs[0]), null],
};
/** x broadcast to `shape`. */
export function expand(x: Value, shape: readonly number[]): Value {
  if (sameShape(x.shape, shape)) return x;
  return x.graph.apply(expandOperator, [x, x.graph.integers(shape)]);
}

/**
 * Adds a binary operator. A single number takes the other operand's rank first: ONNX Runtime walks [640, 160, 1, 1] times []
 * element by element, about 100 times slower than times [1, 1, 1, 1].
 */
function combine(operator: Operator, a: Value, b: Value): Value {
  const ranked = (x: Value, other: Value) => {
    if (x.size !== 1 || x.rank >= other.rank || other.shape.at(-1) !== 1) return x;
    const shape = other.shape.map(() => 1);
    const data = x.graph.constants.get(x);
    return data ? x.graph.constant(data, shape) : reshape(x, shape);
  };
  return a.graph.apply(operator, [ranked(a, b), ranked(b, a)]);
}

const addOperator = binary('Add', (node, [dy], needs) =>
  node.inputs.map((x, i) => (needs[i] ? toOperand(node, dy, x) : null)),
);
/** a + b */
export const add = (a: Value, b: Value): Value => combine(addOperator, a, b);

const subOperator = binary('Sub', (node, [dy], needs) => [
  needs[0] ? toOperand(node, dy, node.inputs[0]) : null,
  needs[1] ? neg(toOperand(node, dy, node.inputs[1])) : null,
]);
/** a - b */
export const sub = (a: Value, b: Value): Value => combine(subOperator, a, b);

// d(ab) = b dy, a dy
const mulOperator = binary('Mul', (node, [dy], needs) => {
  const [a, b] = node.inputs;
  return [
    needs[0] ? toOperand(node, mul(dy, b), a) : null,
    needs[1] ? toOperand(node, mul(dy, a), b) : null,
  ];
});
/** a * b */
export const mul = (a: Value, b: Value): Value => combine(mulOperator, a, b);

// d(a / b) = dy / b, -dy (a / b) / b
const divOperator = binary('Div', (node, [dy], needs) => {
  const [a, b] = node.inputs;
  return [
    needs[0] ? toOperand(node, div(dy, b), a) : null,
    needs[1] ? toOperand(node, neg(div(mul(dy, node.outputs[0]), b)), b) : null,
  ];
});
/** a / b */
export const div = (a: Value, b: Value): Value => combine(divOperator, a, b);

const greaterOperator = binary('Greater', undefined, 'bool');
/** a > b, as bool */
export const greater = (a: Value, b: Value): Value => combine(greaterOperator, a, b);
const lessOperator = binary('Less', undefined, 'bool');
/** a < b, as bool */
export const less = (a: Value, b: Value): Value => combine(lessOperator, a, b);
const equalOperator = binary('Equal', undefined, 'bool');
/** a == b, as bool */
export const equal = (a: Value, b: Value): Value => combine(equalOperator, a, b);
const andOperator = binary('And', undefined, 'bool');
/** a and b, of bools */
export const and = (a: Value, b: Value): Value => combine(andOperator, a, b);

const castOperator: Operator<{ readonly to: number }> = {
  name: 'Cast',
  attributes: { to: 'int' },
  infer: ([x], { to }) => [
    { type: to === elementTypes.int64 ? 'int64' : 'float32', shape: x.shape },
  ],
};
/** x as float32 (bools become 0 and 1) or int64. */
export const cast = (x: Value, type: 'float32' | 'int64'): Value =>
  x.graph.apply(castOperator, [x], { to: elementTypes[type] });

const whereOperator: Operator = {
  name: 'Where',
  attributes: {},
  infer([c, a, b]) {
    const both = broadcast(a.shape, b.shape);
    const shape = both && broadcast(c.shape, both);
    expect(
      c.type === 'bool' && a.type === b.type && shape !== null,
      'Where',
      'a bool condition and two tensors of one type that broadcast',
      [c, a, b],
    );
    return [{ type: a.type, shape }];
  },
  gradient(node, [dy], needs) {
    const [c, a, b] = node.inputs;
    const zero = dy.graph.scalar(0);
    return [
      null,
      needs[1] ? toOperand(node, where(c, dy, zero), a) : null,
      needs[2] ? toOperand(node, where(c, zero, dy), b) : null,
    ];
  },
};
/** a where the condition holds, b elsewhere. */
export const where = (condition: Value, a: Value, b: Value): Value =>
  a.graph.apply(whereOperator, [condition, a, b]);

function unary(name: string, derivative: (dy: Value, x: Value, y: Value) => Value): Operator {
  return {
    name,
    attributes: {},
    infer([x]) {
      expect(x.type === 'float32', name, 'a float32 tensor', [x]);
      return [{ type: x.type, shape: x.shape }];
    },
    broadcastsGradient: name === 'Neg',
    gradient: (node, [dy]) => [derivative(dy, node.inputs[0], node.outputs[0])],
  };
}

// d(-x) = -dy
const negOperator = unary('Neg', (dy) => neg(dy));
export const neg = (x: Value): Value => x.graph.apply(negOperator, [x]);

// d sqrt(x) = dy / (2 y)
const sqrtOperator = unary('Sqrt', (dy, _, y) => div(mul(dy, y.graph.scalar(0.5)), y));
export const sqrt = (x: Value): Value => x.graph.apply(sqrtOperator, [x]);

// d exp(x) = dy y
const expOperator = unary('Exp', (dy, _, y) => mul(dy, y));
export const exp = (x: Value): Value => x.graph.apply(expOperator, [x]);

// d log(x) = dy / x
const logOperator = unary('Log', (dy, x) => div(dy, x));
export const log = (x: Value): Value => x.graph.apply(logOperator, [x]);

// d |x| = dy sign(x)
const absOperator = unary('Abs', (dy, x) => mul(dy, sign(x)));
export const abs = (x: Value): Value => x.graph.apply(absOperator, [x]);

const signOperator: Operator = { ...unary('Sign', (dy) => dy), gradient: undefined };
/** -1, 0 or 1; its derivative is taken as zero. */
export const sign = (x: Value): Value => x.graph.apply(signOperator, [x]);

// d sigmoid(x) = dy y (1 - y)
const sigmoidOperator = unary('Sigmoid', (dy, _, y) => mul(dy, mul(y, sub(y.graph.scalar(1), y))));
export const sigmoid = (x: Value): Value => x.graph.apply(sigmoidOperator, [x]);

type RangeAttributes = { readonly low: number; readonly high: number };

/** What lets a gradient through a limit. */
const insideOperator: Operator<RangeAttributes> = {
  name: 'Inside',
  domain: 'meddistill',
  attributes: { low: 'float', high: 'float' },
  infer: ([x]) => [{ type: x.type, shape: x.shape }],
  expand({ attributes: { low, high } }, [x]) {
    const above = greater(x, x.graph.scalar(low));
    return [cast(high === Infinity ? above : and(above, less(x, x.graph.scalar(high))), 'float32')];
  },
};
/** 1 where low < x < high, 0 elsewhere; not differentiable. */
export const inside = (x: Value, low: number, high: number): Value =>
  x.graph.apply(insideOperator, [x], { low, high });

// d relu(x) = dy where y > 0
const reluOperator = unary('Relu', (dy, _, y) => mul(dy, inside(y, 0, Infinity)));
export const relu = (x: Value): Value => x.graph.apply(reluOperator, [x]);

const clipOperator: Operator = {
  name: 'Clip',
  attributes: {},
  infer([x, low, high]) {
    expect(
      x.type === 'float32' && low.shape.length === 0 && high.shape.length === 0,
      'Clip',
      'a float32 tensor and two scalars',
      [x, low, high],
    );
    return [{ type: x.type, shape: x.shape }];
  },
  // d clip(x) = dy where low < y < high
  gradient(node, [dy]) {
    const [, ...limits] = node.inputs;
    const [low, high] = limits.map((limit) => constantNumbers('gradient of Clip', limit)[0]);
    return [mul(dy, inside(node.outputs[0], low, high)), null, null];
  },
};
/** x limited to [low, high]; ReLU6 is clip(x, 0, 6). */
export const clip = (x: Value, low: number, high: number): Value =>
  x.graph.apply(clipOperator, [x, x.graph.scalar(low), x.graph.scalar(high)]);

// d erf(x) = dy 2 / sqrt(pi) exp(-x^2)
const erfOperator = unary('Erf', (dy, x) =>
  mul(dy, mul(exp(neg(mul(x, x))), x.graph.scalar(2 / Math.sqrt(Math.PI)))),
);
export const erf = (x: Value): Value => x.graph.apply(erfOperator, [x]);

/** GELU with the error function: x (1 + erf(x / sqrt 2)) / 2. */
export function gelu(x: Value): Value {
  const g = x.graph;
  const half = mul(x, g.scalar(0.5));
  return add(half, mul(half, erf(mul(x, g.scalar(Math.SQRT1_2)))));
}

const identityOperator: Operator = {
  name: 'Identity',
  attributes: {},
  infer: ([x]) => [{ type: x.type, shape: x.shape }],
  gradient: () => [null],
};
/** x, taken as a constant by differentiation: the one use that the builder has for ONNX's Identity. */
export const stopGradient = (x: Value): Value => x.graph.apply(identityOperator, [x]);

export const elementwiseOperators = [
  expandOperator,
  addOperator,
  subOperator,
  mulOperator,
  divOperator,
  greaterOperator,
  lessOperator,
  equalOperator,
  andOperator,
  castOperator,
  whereOperator,
  negOperator,
  sqrtOperator,
  expOperator,
  logOperator,
  absOperator,
  signOperator,
  sigmoidOperator,
  insideOperator,
  reluOperator,
  clipOperator,
  erfOperator,
  identityOperator,
];
