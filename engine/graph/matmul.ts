import { expect, type Attribute, type Operator, type Value } from './graph';
import { broadcast } from './elementwise';
import { reduceSum } from './reduction';
import { reshape } from './shape';

/**
 * Matrix product with either side transposed in its last two axes, `alpha` 1; ONNX Runtime's own operator, which saves the
 * copy of a Transpose. Leading axes broadcast.
 */
const fusedMatMulOperator: Operator = {
  name: 'FusedMatMul',
  domain: 'com.microsoft',
  infer([a, b], attributes) {
    const transA = flag(attributes['transA']);
    const transB = flag(attributes['transB']);
    expect(a.shape.length >= 2 && b.shape.length >= 2, 'MatMul', 'two matrices', [a, b]);
    const [m, ka] = lastTwo(a.shape, transA);
    const [kb, n] = lastTwo(b.shape, transB);
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    expect(ka === kb && batch !== null, 'MatMul', 'inner extents that agree', [a, b]);
    return [{ type: 'float32', shape: [...batch, m, n] }];
  },
  // With A' = op(A), B' = op(B), Y = A'B': dA' = dY B'^T, dB' = A'^T dY.
  gradient(node, [dy], needs) {
    const [a, b] = node.inputs;
    const transA = flag(node.attributes['transA']);
    const transB = flag(node.attributes['transB']);
    const da = () =>
      transA
        ? matmul(b, dy!, { transA: transB, transB: true })
        : matmul(dy!, b, { transB: !transB });
    const db = () =>
      transB
        ? matmul(dy!, a, { transA: true, transB: transA })
        : matmul(a, dy!, { transA: !transA });
    return [needs[0] ? unbatch(da(), a.shape) : null, needs[1] ? unbatch(db(), b.shape) : null];
  },
};

const matMulOperator: Operator = { ...fusedMatMulOperator, name: 'MatMul', domain: '' };

const flag = (attribute: Attribute | undefined): boolean =>
  (attribute as { int: number } | undefined)?.int === 1;

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
    transA: { int: Number(transA) },
    transB: { int: Number(transB) },
  });
}
