import { UserError } from '../../errors';
import { Graph } from '../../graph/graph';
import { conv } from '../../graph/operators/convolution';
import { reduceMax } from '../../graph/operators/reduction';
import { processorName } from '../processor';
import type { Runtime } from '../runtime';
import type { TensorFlow } from './laid-out';
import { findPackage, loadPackage, type Package } from './package';
import { compileTensors } from './tensor-program';

const title = 'TensorFlow.js';

const device = {
  name: 'tensorflow',
  title: 'TensorFlow, where @tensorflow/tfjs-node-gpu or tfjs-node is installed; never by auto.',
  provider: 'tensorflow',
  preference: 0,
} as const;

let loaded: { tf: TensorFlow; package: Package } | undefined;

function load(threads: number): { tf: TensorFlow; package: Package } {
  const found = findPackage();
  if (loaded?.package.folder !== found.folder) {
    try {
      loaded = { tf: loadPackage(found, threads), package: found };
    } catch (error) {
      const [reason] = (error as Error).message.split('\n');
      throw new Error(`${found.name} in ${found.folder} cannot be loaded: ${reason.trim()}`, {
        cause: error,
      });
    }
  }
  return loaded;
}

/** TensorFlow through TensorFlow.js for Node, which whoever wants it installs. It interprets graphs. */
export const tensorflowRuntime = {
  name: 'tensorflow',
  title,
  devices: [device],
  version() {
    try {
      const { name, version } = loaded?.package ?? findPackage();
      return `${name} ${version}`;
    } catch (error) {
      throw new UserError(`${title} cannot be loaded: ${(error as Error).message}`);
    }
  },
  // Whether it is installed is looked for when it is asked for.
  providers: () => [device.provider],
  async open(name, threads, asked) {
    if (!asked) return `${name} is taken only where it is asked for`;
    const { tf } = load(threads);
    await tf.ready();
    await probe(tf);
    return { name, description: describe(tf), threads };
  },
  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is a rejection
  async compile(graph, options) {
    return compileTensors((loaded ?? load(options.device.threads)).tf, graph, options);
  },
  openModel: (path) =>
    Promise.reject(
      new UserError(
        `${path} is run by ONNX Runtime, which has no device "tensorflow"; choose another.`,
      ),
    ),
} as const satisfies Runtime;

/** Runs a small convolution with a known result. @throws Error where that cannot be done */
async function probe(tf: TensorFlow): Promise<void> {
  const graph = new Graph();
  const channels = 8;
  const x = graph.input('x', 'float32', [2, channels, 16, 16]);
  const w = graph.parameter('w', [channels, channels, 3, 3], { kind: 'constant', value: 1 });
  graph.output('y', reduceMax(conv(x, w, null, { padding: 1 }), [0, 1, 2, 3]));
  const program = compileTensors(tf, graph, {
    frozen: new Map([['w', new Float32Array(w.size).fill(1)]]),
  });
  try {
    const { y } = await program.run({ x: new Float32Array(x.size).fill(1) });
    if (y[0] !== channels * 9) throw new Error('it computes wrong results');
  } finally {
    await program.release();
  }
}

/** What it runs on: tfjs-node's backend tells whether TensorFlow found a GPU, and TensorFlow its version. */
function describe(tf: TensorFlow): string {
  const backend = tf.backend() as {
    isUsingGpuDevice?: boolean;
    binding?: { TF_Version?: string };
  };
  const version = backend.binding?.TF_Version;
  const where = backend.isUsingGpuDevice ? 'a GPU' : processorName();
  return `${version ? `TensorFlow ${version}` : title} on ${where}`;
}
