import { expect, type Operator, type TensorType, type Value } from '../graph';
import { broadcast } from './elementwise';
import { reduceSum } from './reduction';
import { reshape } from './shape';

interface Transposed {
  readonly transA: boolean;
  readonly transB: boolean;
}

function infer([a, b]: readonly TensorType[], { transA, transB }: Transposed): TensorType[] {
  expect(a.shape.length >= 2 && b.shape.length >= 2, 'MatMul', 'two matrices', [a, b]);
  const [m, ka] = lastTwo(a.shape, transA);
  const [kb, n] = lastTwo(b.shape, transB);
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  expect(ka === kb && batch !== null, 'MatMul', 'inner extents that agree', [a, b]);
  return [{ type: 'float32', shape: [...batch, m, n] }];
}

// With A' = op(A), B' = op(B), Y = A'B': dA' = dY B'^T, dB' = A'^T dY.
function gradient(
  [a, b]: readonly Value[],
  dy: Value,
  needs: readonly boolean[],
  { transA, transB }: Transposed,
): (Value | null)[] {
  const da = () =>
    transA ? matmul(b, dy, { transA: transB, transB: true }) : matmul(dy, b, { transB: !transB });
  const db = () =>
    transB ? matmul(dy, a, { transA: true, transB: transA }) : matmul(a, dy, { transA: !transA });
  return [needs[0] ? unbatch(da(), a.shape) : null, needs[1] ? unbatch(db(), b.shape) : null];
}

const plain: Transposed = { transA: false, transB: false };
const matMulOperator: Operator = {
  name: 'MatMul',
  attributes: {},
  infer: (inputs) => infer(inputs, plain),
  gradient: (node, [dy], needs) => gradient(node.inputs, dy, needs, plain),
};

/** ONNX has no kind for a yes or no: 1 and 0. */
type FusedMatMulAttributes = { readonly transA: number; readonly transB: number };
const transposed = ({ transA, transB }: FusedMatMulAttributes): Transposed => ({
  transA: transA === 1,
  transB: transB === 1,
});

/**
 * Matrix product with either side transposed in its last two axes, `alpha` 1; ONNX Runtime's own operator, which saves the
 * copy of a Transpose. Leading axes broadcast.
 */
const fusedMatMulOperator: Operator<FusedMatMulAttributes> = {
  name: 'FusedMatMul',
  domain: 'com.microsoft',
  attributes: { transA: 'int', transB: 'int' },
  infer: (inputs, attributes) => infer(inputs, transposed(attributes)),
  gradient: (node, [dy], needs) => gradient(node.inputs, dy, needs, transposed(node.attributes)),
};

function lastTwo(shape: readonly number[], transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2);
  return transposed ? [columns, rows] : [rows, columns];
}

/** Sums over leading axes along which a factor was broadcast. */
function unbatch(gradient: Value, shape: readonly number[]): Value {
  const extra = gradient.rank - shape.length;
  const axes = gradient.shape.flatMap((n, i) =>
    i < gradient.rank - 2 && n > 1 && (i < extra || shape[i - extra] === 1) ? [i] : [],
  );
  return reshape(axes.length ? reduceSum(gradient, axes) : gradient, shape);
}

/** The matrix product of the last two axes, [..., m, k] x [..., k, n] -> [..., m, n]. */
export function matmul(
  a: Value,
  b: Value,
  { transA = false, transB = false }: { transA?: boolean; transB?: boolean } = {},
): Value {
  if (!transA && !transB) return a.graph.apply(matMulOperator, [a, b]);
  return a.graph.apply(fusedMatMulOperator, [a, b], {
    transA: Number(transA),
    transB: Number(transB),
  });
}

export const matmulOperators = [matMulOperator, fusedMatMulOperator];
