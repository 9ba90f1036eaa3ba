import type * as native from 'onnxruntime-node';
import { UserError } from '../../errors';
import { lower } from '../../graph/lower';
import { processorName } from '../processor';
import type { Runtime } from '../runtime';
import { findBlock } from './block';
import { probe } from './probe';
import { processorRule } from './processor-rules';
import { compileSession, type OnnxDevice } from './session-program';
import { missingForVulkan } from './vulkan';
import { webgpuRule } from './webgpu-rules';

const title = 'ONNX Runtime';

/** Which of them exist depends on the platform's build. */
const devices = [
  {
    name: 'cpu',
    title: 'The processor.',
    provider: 'cpu',
    preference: 2,
    state: 'swapped',
  },
  {
    name: 'webgpu',
    title: 'A GPU through WebGPU (Vulkan, Metal or Direct3D 12).',
    provider: 'webgpu',
    preference: 3,
    gpu: true,
    state: 'on the GPU',
  },
  {
    name: 'cuda',
    title: 'An NVIDIA GPU with CUDA 12.',
    provider: 'cuda',
    preference: 6,
    gpu: true,
    state: 'swapped',
  },
  {
    name: 'directml',
    title: 'A GPU on Windows.',
    provider: 'dml',
    preference: 4,
    gpu: true,
    state: 'swapped',
  },
  {
    name: 'coreml',
    title: "Apple's Core ML.",
    provider: 'coreml',
    preference: 5,
    gpu: true,
    state: 'swapped',
  },
] as const satisfies readonly OnnxDevice[];

const declarationOf = (name: string) => devices.find((device) => device.name === name)!;

let loaded: typeof native | undefined;
let block: Promise<number | null> | undefined;

/** Loaded at first use: it takes a moment, and commands that only look at files need not have it. */
function load(): typeof native {
  try {
    if (!loaded) {
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      loaded = require('onnxruntime-node') as typeof native;
      loaded.env.logLevel = 'fatal';
    }
    return loaded;
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new UserError(
      `${title} cannot be loaded on ${process.platform} ${process.arch}: ${reason}`,
    );
  }
}

/** ONNX Runtime's native build, on the processor and on GPUs. */
export const nativeRuntime = {
  name: 'onnxruntime',
  title,
  devices,
  version: () => load().env.versions.common,
  providers: () =>
    load()
      .listSupportedBackends()
      .map(({ name }) => name),

  async open(name, threads, asked) {
    const { provider } = declarationOf(name);
    if (name === 'webgpu' && !asked) {
      // Asked without these, the runtime writes warnings of its own to the terminal.
      const missing = missingForVulkan();
      if (missing) return `webgpu does not start (${missing})`;
    }
    const seconds = await probe(load, provider);
    // A software graphics adapter starts as well as a real one, but is slower than the processor it runs on.
    if (name === 'webgpu' && !asked && seconds > (await probe(load, 'cpu')))
      return 'the webgpu adapter is slower than the processor';
    return {
      name,
      description: name === 'cpu' ? processorName() : `${title} ${name}`,
      threads,
    };
  },

  async compile(graph, options) {
    const declaration = declarationOf(options.device.name);
    // Expanded first: the rules are for what expansions are made of too.
    if (declaration.provider === 'webgpu')
      return compileSession(load(), declaration, lower(graph), options, webgpuRule);
    if (declaration.provider !== 'cpu') return compileSession(load(), declaration, graph, options);
    block ??= findBlock(load());
    const rule = processorRule(await block, new Set(options.frozen?.keys()));
    return compileSession(load(), declaration, graph, options, rule);
  },
} as const satisfies Runtime;
