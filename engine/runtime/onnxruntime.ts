import type * as ort from 'onnxruntime-node';
import { UserError } from '../errors';

let runtime: typeof ort | undefined;

/**
 * ONNX Runtime, loaded at first use: its native library takes a moment, and commands that only look at files need not have it.
 */
export function loadRuntime(): typeof ort {
  try {
    if (!runtime) {
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      runtime = require('onnxruntime-node') as typeof ort;
      runtime.env.logLevel = 'fatal';
    }
    return runtime;
  } catch (error) {
    throw new UserError(
      `ONNX Runtime cannot be loaded on ${process.platform} ${process.arch}: ${(error as Error).message}`,
    );
  }
}
