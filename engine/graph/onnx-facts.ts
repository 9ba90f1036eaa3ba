import { readFileSync } from 'node:fs';
import { ModelProto } from './onnx-schema';

/** Of float32, float16, double and bfloat16, by ONNX's TensorProto.DataType. */
const floats = [1, 10, 11, 16];

interface Model {
  graph?: {
    node?: { name?: string; opType?: string; attribute?: { name?: string; i?: unknown }[] }[];
    initializer?: { dims?: unknown[]; dataType?: number }[];
  };
}

/** What is known of an ONNX file without running it. */
export interface OnnxFacts {
  /** Elements of its initializers of floats: its weights, and the statistics of its batch norms. */
  weights: number;
  /** Batch norms that take the batch's own statistics. */
  trainingNorms: string[];
}

/** @throws Error where it is no ONNX file */
export function onnxFacts(path: string): OnnxFacts {
  const { graph = {} } = ModelProto.decode(readFileSync(path)) as unknown as Model;
  const { node = [], initializer = [] } = graph;
  return {
    weights: initializer
      .filter(({ dataType = 0 }) => floats.includes(dataType))
      .map(({ dims = [] }) => dims.map(Number).reduce((a, b) => a * b, 1))
      .reduce((a, b) => a + b, 0),
    trainingNorms: node
      .filter(
        ({ opType, attribute = [] }) =>
          opType === 'BatchNormalization' &&
          attribute.some(({ name, i }) => name === 'training_mode' && Number(i) === 1),
      )
      .map(({ name = '' }) => name),
  };
}
