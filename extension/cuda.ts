import * as vscode from 'vscode';
import {
  cudaStatusLines,
  questionBeforeDownload,
  questionBeforeLookUp,
} from '../engine/presentation/cuda-text';
import { confirm, inform, withProgress } from './messages';
import type { Services } from './services';

/**
 * "Install CUDA Runtime": gets ONNX Runtime's CUDA libraries, the only command that uses the network, which asks before it does; and
 * "Remove CUDA Runtime".
 */
export function registerCuda(
  context: vscode.ExtensionContext,
  { engine, showError }: Services,
): void {
  const report = async () => {
    const { status } = await engine.request('cudaStatus', null);
    void inform(cudaStatusLines(status).join(' '));
  };

  const install = async () => {
    const { status, source } = await engine.request('cudaStatus', null);
    if (status.installed) return report();
    if (!(await confirm(questionBeforeLookUp(source, status), 'Ask'))) return;
    const offer = await engine.request('lookUpCuda', null);
    if (!(await confirm(questionBeforeDownload(offer), 'Download and Install'))) return;
    await withProgress('Installing CUDA libraries', { cancellable: true }, (progress, token) => {
      let shown = 0;
      engine.onCudaProgress = (share) => {
        progress.report({
          message: `${Math.round(100 * share)} %`,
          increment: 100 * (share - shown),
        });
        shown = share;
      };
      return engine.request('installCuda', offer, token);
    });
    // The runtime that it has loaded is the one without them.
    engine.restart();
    return report();
  };

  const remove = async () => {
    const removed = await engine.request('removeCuda', null);
    engine.restart();
    void inform(removed ? 'The CUDA libraries are removed.' : 'No CUDA libraries are installed.');
  };

  for (const [name, command] of [
    ['installCuda', install],
    ['removeCuda', remove],
  ] as const)
    context.subscriptions.push(
      vscode.commands.registerCommand(`meddistill.${name}`, () =>
        command().then(undefined, showError),
      ),
    );
}
