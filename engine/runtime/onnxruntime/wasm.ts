import { UserError } from '../../errors';
import { processorName } from '../processor';
import type { Runtime } from '../runtime';
import { openModelFile } from './model-file';
import { probe } from './probe';
import { processorRule } from './processor-rules';
import { compileSession, type OnnxDevice, type OnnxRuntime } from './session-program';

const title = "ONNX Runtime's WASM build";

const device = {
  name: 'wasm',
  title: 'The processor through WebAssembly: slower, on every platform.',
  provider: 'wasm',
  preference: 1,
  state: 'replaced',
} as const satisfies OnnxDevice;

let loaded: OnnxRuntime | undefined;

/** Loaded at first use. Its threads are those of its first program. */
function load(threads?: number): OnnxRuntime {
  try {
    if (!loaded) {
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      loaded = require('onnxruntime-web') as OnnxRuntime;
      loaded.env.logLevel = 'fatal';
    }
    if (threads !== undefined) loaded.env.wasm.numThreads = threads;
    return loaded;
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new UserError(`${title} cannot be loaded: ${reason}`);
  }
}

/** ONNX Runtime's WASM build, which runs on the processor of every platform. */
export const wasmRuntime = {
  name: 'onnxruntime',
  title,
  devices: [device],
  version: () => load().env.versions.common,
  providers: () => [device.provider],
  async open(name, threads) {
    await probe(() => load(threads), device);
    return { name, description: processorName(), threads };
  },
  openModel: (path, asked) => openModelFile(load(asked.threads), device, path, asked, false),
  compile: (graph, options) =>
    compileSession(
      load(options.device.threads),
      device,
      graph,
      options,
      processorRule(null, new Set(options.frozen?.keys())),
    ),
} as const satisfies Runtime;
