import type * as native from 'onnxruntime-node';
import { UserError } from '../../errors';
import { lower } from '../../graph/lower';
import { processorName } from '../processor';
import type { Runtime } from '../runtime';
import { findBlock } from './block';
import { bundledVersion, cudaReason } from './cuda/machine';
import { installedRuntime } from './cuda/installed';
import { openModelFile } from './model-file';
import { probe } from './probe';
import { processorRule } from './processor-rules';
import { compileSession, type OnnxDevice } from './session-program';
import { missingForVulkan } from './vulkan';
import { webgpuRule } from './webgpu-rules';

const title = 'ONNX Runtime';

/** Flags of ONNX Runtime's CoreML provider, by its coreml_provider_factory.h. */
const [onlyStaticShapes, createProgram] = [0x008, 0x010];

/** Which of them exist depends on the platform's build. What was never run here, DirectML and Core ML, comes after WebGPU. */
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
    preference: 5,
    gpu: true,
    state: 'on the GPU',
  },
  {
    name: 'cuda',
    title: 'An NVIDIA GPU with CUDA 12, after "meddistill cuda install".',
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
    memoryPattern: false,
  },
  {
    name: 'coreml',
    title: "Apple's Core ML.",
    provider: 'coreml',
    preference: 3,
    gpu: true,
    state: 'swapped',
    // A program, not the older layers, which have few operators; shapes here are static.
    options: { coreMlFlags: createProgram | onlyStaticShapes },
  },
] as const satisfies readonly OnnxDevice[];

const declarationOf = (name: string) => devices.find((device) => device.name === name)!;

let loaded: typeof native | undefined;
let block: Promise<number | null> | undefined;

/** Loaded at first use: it takes a moment, and commands that only look at files need not have it. */
function load(): typeof native {
  try {
    if (!loaded) {
      loaded = requireRuntime();
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

/**
 * The runtime that the product brings, or its copy with CUDA's libraries beside it, where that is installed: the runtime finds its
 * providers beside its own library only. A copy that does not load is passed over.
 */
function requireRuntime(): typeof native {
  const copy = installedRuntime(bundledVersion());
  if (copy !== null)
    try {
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      return require(copy) as typeof native;
    } catch {
      // `meddistill cuda status` tells of it.
    }
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('onnxruntime-node') as typeof native;
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
    const declaration = declarationOf(name);
    if (name === 'webgpu' && !asked) {
      // Asked without these, the runtime writes warnings of its own to the terminal.
      const missing = missingForVulkan();
      if (missing) return `webgpu does not start (${missing})`;
    }
    const seconds = await probe(load, declaration).catch(async (error: Error) => {
      throw name === 'cuda' && asked ? new Error(await cudaReason(error.message)) : error;
    });
    // A software graphics adapter starts as well as a real one, but is slower than the processor it runs on.
    if (name === 'webgpu' && !asked && seconds > (await probe(load, declarationOf('cpu'))))
      return 'the webgpu adapter is slower than the processor';
    return {
      name,
      description: name === 'cpu' ? processorName() : `${title} ${name}`,
      threads,
    };
  },

  openModel: (path, device) =>
    openModelFile(load(), declarationOf(device.name), path, device, true),

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
