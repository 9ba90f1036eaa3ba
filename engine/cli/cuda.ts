import { Command } from 'commander';
import { createInterface } from 'node:readline/promises';
import { UserError } from '../errors';
import {
  cudaStatusLines,
  questionBeforeDownload,
  questionBeforeLookUp,
} from '../presentation/cuda-text';
import { cudaSource, lookUp } from '../runtime/onnxruntime/cuda/feed';
import { installCuda } from '../runtime/onnxruntime/cuda/install';
import { removeCuda } from '../runtime/onnxruntime/cuda/installed';
import { cudaStatus } from '../runtime/onnxruntime/cuda/machine';

/** `meddistill cuda`: the only command that uses the network, and it asks before. */
export function cudaCommand(
  print: (text: string) => void,
  printJson: (value: unknown) => void,
): Command {
  const command = new Command('cuda').description(
    "ONNX Runtime's CUDA libraries for NVIDIA GPUs on Linux x64, which are installed apart",
  );
  const showStatus = async () => print(`${cudaStatusLines(await cudaStatus()).join('\n')}\n`);

  command
    .command('status')
    .description('which driver and which CUDA libraries there are, and what is missing')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) =>
      json ? printJson(await cudaStatus()) : showStatus(),
    );

  command
    .command('install')
    .description('download the libraries, after asking, and check and install them')
    .option('--yes', 'do not ask')
    .action(async ({ yes = false }: { yes?: boolean }) => {
      const source = cudaSource();
      const ask = async (question: string) => yes || (await agreed(question));
      if (!(await ask(questionBeforeLookUp(source, await cudaStatus())))) return;
      const offer = await lookUp(source);
      if (!(await ask(questionBeforeDownload(offer)))) return;
      const stop = new AbortController();
      const interrupt = () => stop.abort(new UserError('Cancelled; nothing was installed.'));
      process.once('SIGINT', interrupt);
      let shown = -1;
      try {
        await installCuda(source, offer, {
          signal: stop.signal,
          onProgress(share) {
            const tenth = Math.floor(share * 10);
            if (tenth > shown) print(`${10 * (shown = tenth)} %\n`);
          },
        });
      } catch (error) {
        throw stop.signal.aborted ? stop.signal.reason : error;
      } finally {
        process.off('SIGINT', interrupt);
      }
      await showStatus();
    });

  command
    .command('remove')
    .description('remove the libraries')
    .action(async () =>
      print((await removeCuda()) ? 'The CUDA libraries are removed.\n' : 'None are installed.\n'),
    );
  return command;
}

/** @throws UserError where there is nobody to ask */
async function agreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UserError(`${question} There is nobody to ask here: --yes answers yes.`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
