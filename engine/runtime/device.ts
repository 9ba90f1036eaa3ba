import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { DeviceName } from '../config/config';
import { UserError } from '../errors';
import { Graph } from '../graph/graph';
import { conv } from '../graph/operators/convolution';
import { reduceMax } from '../graph/operators/reduction';
import { toOnnx } from '../graph/onnx';
import { loadRuntime, runtimeOf } from './onnxruntime';

/** Where programs run: what a run records of it. */
export interface Device {
  name: Exclude<DeviceName, 'auto'>;
  /** For people: the processor's name, or the provider's. */
  description: string;
  threads: number;
  /** Why a better device was passed over, if one was. */
  note?: string;
}

/** Best first; which of them exist depends on the platform's build of ONNX Runtime. */
const preference: readonly Device['name'][] = [
  'cuda',
  'coreml',
  'directml',
  'webgpu',
  'cpu',
  'wasm',
];
const providers = {
  cpu: 'cpu',
  webgpu: 'webgpu',
  cuda: 'cuda',
  directml: 'dml',
  coreml: 'coreml',
  wasm: 'wasm',
} as const;

export const providerOf = (device: Device): string => providers[device.name];

/**
 * The device asked for, after it has really run a small program. `auto` takes the best that starts; a device asked for by
 * name that does not start is an error.
 */
export async function openDevice(wanted: DeviceName, threads = 0): Promise<Device> {
  const count = threads > 0 ? threads : cpus().length;
  const candidates = wanted === 'auto' ? preference : [wanted];
  const reasons: string[] = [];
  const built = new Set<string>(['wasm']);
  try {
    for (const { name } of loadRuntime().listSupportedBackends()) built.add(name);
  } catch (error) {
    if (wanted !== 'auto' && wanted !== 'wasm') throw error;
    if (wanted === 'auto') reasons.push((error as Error).message);
  }
  for (const name of candidates) {
    if (!built.has(providers[name])) {
      if (wanted !== 'auto')
        throw new UserError(
          `device "${name}" is not in this build of ONNX Runtime for ${process.platform} ${process.arch}; it has ${[...built].join(', ')}`,
        );
      continue;
    }
    // Asked without these, the runtime writes warnings of its own to the terminal.
    const missing = wanted === 'auto' && name === 'webgpu' ? missingForVulkan() : null;
    if (missing) {
      reasons.push(`webgpu does not start (${missing})`);
      continue;
    }
    try {
      const seconds = await probe(name, count);
      // A software graphics adapter starts as well as a real one, but is slower than the processor it runs on.
      if (wanted === 'auto' && name === 'webgpu' && seconds > (await probe('cpu', count))) {
        reasons.push('the webgpu adapter is slower than the processor');
        continue;
      }
    } catch (error) {
      const reason = shortReason(error);
      if (wanted !== 'auto') throw new UserError(`device "${name}" does not start: ${reason}`);
      reasons.push(`${name} does not start (${reason})`);
      continue;
    }
    return {
      name,
      description:
        name === 'cpu' || name === 'wasm'
          ? (cpus()[0]?.model.trim() ?? process.arch)
          : `ONNX Runtime ${name}`,
      threads: count,
      ...(reasons.length ? { note: `Running on the ${name}: ${reasons.join('; ')}.` } : {}),
    };
  }
  throw new UserError(`no device starts: ${reasons.join('; ')}`);
}

/** On Linux, where WebGPU runs on Vulkan: what it needs and this machine lacks; null where nothing is seen to be missing. */
function missingForVulkan(): string | null {
  if (process.platform !== 'linux') return null;
  const libraries = [
    ...(process.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== ''),
    ...[
      '/usr/lib/x86_64-linux-gnu',
      '/usr/lib/aarch64-linux-gnu',
      '/usr/lib64',
      '/usr/lib',
      '/lib64',
    ],
    '/usr/local/lib',
  ];
  if (!libraries.some((folder) => existsSync(join(folder, 'libvulkan.so.1'))))
    return 'libvulkan.so.1 is not installed';
  // Who names a driver means it, also one in software.
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  const cards = ['/dev/dri', '/dev/nvidia0', '/dev/dxg'];
  if (!VK_ICD_FILENAMES && !VK_DRIVER_FILES && !cards.some((path) => existsSync(path)))
    return 'there is no graphics card';
  return null;
}

/** The end of the runtime's first line, where it says what is missing. */
function shortReason(error: unknown): string {
  const line = String(error instanceof Error ? error.message : error).split('\n')[0];
  return line
    .split(/: |was false\. /)
    .at(-1)!
    .replace(/\.$/, '');
}

/** Runs a small convolution with a known result and returns its seconds; throws where that cannot be done. */
async function probe(name: Device['name'], threads: number): Promise<number> {
  const ort = runtimeOf({ name, description: '', threads });
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
    executionProviders: [providers[name]],
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
