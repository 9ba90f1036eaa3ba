import { conv, convTranspose } from '../graph/operators/convolution';
import { add, clip, gelu, relu } from '../graph/operators/elementwise';
import type { Graph, Value } from '../graph/graph';
import { matmul } from '../graph/operators/matmul';
import {
  batchNormalization,
  batchNormalizationInTraining,
  type BatchNormalizationState,
} from '../graph/operators/normalization';
import { reshape } from '../graph/operators/shape';

/** Constants of batch normalisation, PyTorch's defaults. */
const epsilon = 1e-5;
const momentum = 0.1;

/**
 * Layers with their weights, for one use of a network in a graph. With `training`, batch normalisation takes the batch's own
 * statistics and `statistics` collects the running ones; without, it takes the running ones.
 */
export class Layers {
  /** Running statistic -> its next value; a layer that is used twice keeps its first use. */
  readonly statistics = new Map<string, Value>();

  constructor(
    readonly graph: Graph,
    readonly training: boolean,
  ) {}

  /** Convolution, He-initialised by its fan-out; "same" padding for odd kernels. [n, in, h, w] -> [n, out, h / stride, w / stride] */
  conv(
    name: string,
    x: Value,
    out: number,
    o: { kernel: number; stride?: number; groups?: number; bias?: boolean },
  ): Value {
    const groups = o.groups ?? 1;
    const fan = (o.kernel * o.kernel * out) / groups;
    const w = this.graph.parameter(
      `${name}.weight`,
      [out, x.shape[1] / groups, o.kernel, o.kernel],
      { kind: 'normal', deviation: Math.sqrt(2 / fan) },
    );
    return conv(x, w, o.bias ? this.zeros(`${name}.bias`, out) : null, {
      stride: o.stride,
      padding: (o.kernel - 1) / 2,
      groups,
    });
  }

  /** Transposed convolution with bias that enlarges by `stride`. */
  convTranspose(name: string, x: Value, out: number, kernel: number, stride: number): Value {
    const channels = x.shape[1];
    const fan = (kernel * kernel * channels) / (stride * stride);
    const w = this.graph.parameter(`${name}.weight`, [channels, out, kernel, kernel], {
      kind: 'normal',
      deviation: Math.sqrt(1 / fan),
    });
    return convTranspose(x, w, this.zeros(`${name}.bias`, out), {
      stride,
      padding: (kernel - stride) / 2,
    });
  }

  batchNorm(name: string, x: Value): Value {
    const c = x.shape[1];
    const g = this.graph;
    const state = {
      scale: g.parameter(`${name}.weight`, [c], { kind: 'constant', value: 1 }),
      shift: g.parameter(`${name}.bias`, [c], { kind: 'constant', value: 0 }),
      ...this.runningStatistics(name, c),
    };
    return this.normalized(x, state);
  }

  /** Vectors [n, k], each number less its mean over the rows and divided by its standard deviation: batch normalisation without scale and shift. */
  standardize(name: string, v: Value): Value {
    const [n, k] = v.shape;
    const g = this.graph;
    const state = {
      scale: g.constant(new Float32Array(k).fill(1), [k]),
      shift: g.constant(new Float32Array(k), [k]),
      ...this.runningStatistics(name, k),
    };
    return reshape(this.normalized(reshape(v, [n, k, 1, 1]), state), [n, k]);
  }

  private runningStatistics(
    name: string,
    c: number,
  ): Pick<BatchNormalizationState, 'mean' | 'variance'> {
    const running = (statistic: string, value: number) =>
      this.graph.parameter(
        `${name}.running_${statistic}`,
        [c],
        { kind: 'constant', value },
        { trainable: false },
      );
    return { mean: running('mean', 0), variance: running('var', 1) };
  }

  private normalized(x: Value, state: BatchNormalizationState): Value {
    if (!this.training) return batchNormalization(x, state, epsilon);
    const { y, mean, variance } = batchNormalizationInTraining(x, state, epsilon, momentum);
    if (!this.statistics.has(state.mean.name)) {
      this.statistics.set(state.mean.name, mean);
      this.statistics.set(state.variance.name, variance);
    }
    return y;
  }

  /** Convolution, batch normalisation, ReLU (or ReLU6). */
  convBlock(
    name: string,
    x: Value,
    out: number,
    o: { kernel: number; stride?: number; groups?: number; activation?: 'relu' | 'relu6' | 'none' },
  ): Value {
    const y = this.batchNorm(`${name}.norm`, this.conv(`${name}.conv`, x, out, o));
    const activation = o.activation ?? 'relu';
    if (activation === 'none') return y;
    return activation === 'relu' ? relu(y) : clip(y, 0, 6);
  }

  /** An affine map of the last axis, [..., in] -> [..., out]; PyTorch's uniform initialisation. */
  linear(name: string, x: Value, out: number): Value {
    const input = x.shape.at(-1)!;
    const bound = 1 / Math.sqrt(input);
    const w = this.graph.parameter(`${name}.weight`, [input, out], { kind: 'uniform', bound });
    const b = this.graph.parameter(`${name}.bias`, [out], { kind: 'uniform', bound });
    return add(matmul(x, w), b);
  }

  /** Two affine maps of the last axis with a GELU between them. */
  perceptron(name: string, x: Value, hidden: number, out: number): Value {
    return this.linear(`${name}.1`, gelu(this.linear(`${name}.0`, x, hidden)), out);
  }

  private zeros(name: string, n: number): Value {
    return this.graph.parameter(name, [n], { kind: 'constant', value: 0 });
  }
}
