import type { AnyOperator } from '../graph';
import { convolutionOperators } from './convolution';
import { elementwiseOperators } from './elementwise';
import { matmulOperators } from './matmul';
import { normalizationOperators } from './normalization';
import { poolingOperators } from './pooling';
import { reductionOperators } from './reduction';
import { resizeOperators } from './resize';
import { shapeOperators } from './shape';
import { softmaxOperators } from './softmax';

const families: readonly (readonly AnyOperator[])[] = [
  convolutionOperators,
  elementwiseOperators,
  matmulOperators,
  normalizationOperators,
  poolingOperators,
  reductionOperators,
  resizeOperators,
  shapeOperators,
  softmaxOperators,
];

/** An operator's place in the table: `domain:name`, as `:Conv` of the standard domain or `com.microsoft:FusedMatMul`. */
export const operatorKey = ({ domain = '', name }: AnyOperator): string => `${domain}:${name}`;

/** Every operator that graphs are built of, by its key: what a node of an ONNX model is looked up in. */
export const operators: ReadonlyMap<string, AnyOperator> = new Map(
  families.flat().map((operator) => [operatorKey(operator), operator]),
);
