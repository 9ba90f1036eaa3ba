import { Graph } from '../../graph/graph';
import { toOnnx } from '../../graph/onnx';
import { conv } from '../../graph/operators/convolution';
import { reduceMax } from '../../graph/operators/reduction';
import { providerOf, type OnnxDevice, type OnnxRuntime } from './session-program';

/**
 * Runs a small convolution with a known result and returns its seconds.
 * @throws Error, its message a few words, where the runtime cannot be loaded or that cannot be done
 */
export async function probe(load: () => OnnxRuntime, device: OnnxDevice): Promise<number> {
  try {
    return await secondsOf(load(), device);
  } catch (error) {
    throw new Error(shortReason(error), { cause: error });
  }
}

async function secondsOf(ort: OnnxRuntime, device: OnnxDevice): Promise<number> {
  const graph = new Graph();
  const [channels, size] = [32, 64];
  const x = graph.input('x', 'float32', [2, channels, size, size]);
  const w = graph.constant(new Float32Array(channels * channels * 9).fill(1), [
    channels,
    channels,
    3,
    3,
  ]);
  graph.output('y', reduceMax(conv(x, w, null, { padding: 1 }), [0, 1, 2, 3]));
  const session = await ort.InferenceSession.create(toOnnx(graph), {
    executionProviders: [providerOf(device)],
    enableMemPattern: device.memoryPattern ?? true,
    logSeverityLevel: 4,
  });
  const feeds = { x: new ort.Tensor('float32', new Float32Array(x.size).fill(1), x.shape) };
  let seconds = Infinity;
  try {
    for (let i = 0; i < 3; i++) {
      const start = performance.now();
      const { y } = await session.run(feeds);
      const [result] = (await y.getData()) as Float32Array;
      seconds = Math.min(seconds, (performance.now() - start) / 1000);
      if (result !== channels * 9) throw new Error('it computes wrong results');
    }
  } finally {
    await session.release();
  }
  return seconds;
}

/** The end of the runtime's first line, where it says what is missing. */
function shortReason(error: unknown): string {
  const line = String(error instanceof Error ? error.message : error).split('\n')[0];
  return line
    .split(/: |was false\. /)
    .at(-1)!
    .replace(/\.$/, '');
}
