import type { CudaCalls } from '../contract/cuda';
import { UserError } from '../errors';
import { cudaSource, lookUp } from '../runtime/onnxruntime/cuda/feed';
import { installCuda } from '../runtime/onnxruntime/cuda/install';
import { removeCuda } from '../runtime/onnxruntime/cuda/installed';
import { cudaStatus } from '../runtime/onnxruntime/cuda/machine';
import type { Handlers } from './handlers';

/** `tell` is given the share of a download that is there, at each percent. */
export const cudaHandlers = (tell: (share: number) => void): Handlers<CudaCalls> => ({
  cudaStatus: async () => ({ source: cudaSource(), status: await cudaStatus() }),

  lookUpCuda: () => lookUp(cudaSource()),

  installCuda: async (offer, token) => {
    const stop = new AbortController();
    const cancelled = new UserError('Cancelled; nothing was installed.');
    token.onCancellationRequested(() => stop.abort(cancelled));
    let told = -1;
    try {
      return await installCuda(cudaSource(), offer, {
        signal: stop.signal,
        onProgress(share) {
          const percent = Math.floor(100 * share);
          if (percent > told) tell((told = percent) / 100);
        },
      });
    } catch (error) {
      throw stop.signal.aborted ? cancelled : error;
    }
  },

  removeCuda,
});
