import type { InferenceSession, Tensor, env } from 'onnxruntime-common';
import type * as native from 'onnxruntime-node';
import { UserError } from '../errors';
import type { Device } from './device';

/** What both builds of ONNX Runtime have. */
export interface Runtime {
  InferenceSession: typeof InferenceSession;
  Tensor: typeof Tensor;
  env: typeof env;
}

let runtime: typeof native | undefined;
let wasm: Runtime | undefined;

/**
 * ONNX Runtime's native build, loaded at first use: it takes a moment, and commands that only look at files need not have it.
 * @throws UserError where there is none for this platform
 */
export function loadRuntime(): typeof native {
  try {
    if (!runtime) {
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      runtime = require('onnxruntime-node') as typeof native;
      runtime.env.logLevel = 'fatal';
    }
    return runtime;
  } catch (error) {
    throw new UserError(
      `ONNX Runtime cannot be loaded on ${process.platform} ${process.arch}: ${firstLine(error)}`,
    );
  }
}

/**
 * ONNX Runtime's WASM build, which runs on the processor of every platform. Its threads are those of its first use.
 * @throws UserError where it is not installed
 */
export function loadWasmRuntime(threads: number): Runtime {
  try {
    if (!wasm) {
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      wasm = require('onnxruntime-web') as Runtime;
      wasm.env.logLevel = 'fatal';
      wasm.env.wasm.numThreads = threads;
    }
    return wasm;
  } catch (error) {
    throw new UserError(`ONNX Runtime's WASM build cannot be loaded: ${firstLine(error)}`);
  }
}

export const runtimeOf = (device: Device): Runtime =>
  device.name === 'wasm' ? loadWasmRuntime(device.threads) : loadRuntime();

const firstLine = (error: unknown): string => (error as Error).message.split('\n')[0];
