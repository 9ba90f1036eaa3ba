import { gapSentence } from '../engine/presentation/signal';
import * as vscode from 'vscode';
import type { Packet, RareEvent } from '../engine/contract/packet';
import type { RunPlan } from '../engine/contract/plan';
import { formatDuration } from '../engine/presentation/duration';
import { stageTitle } from '../engine/presentation/networks';
import { describeProgress, secondsLeft, shareDone } from '../engine/presentation/run-progress';
import { comparisonOf } from '../engine/runs/comparison-folder';
import { LineTail } from './line-tail';
import { complain, inform, withProgress } from './messages';
import type { RunModel } from './run-model';
import { closingText } from './run-texts';
import type { Services } from './services';

/** Shows a run's progress as a notification until it ends; cancelling stops the run. */
export async function showProgress({ runs }: Services, run: RunModel): Promise<void> {
  await withProgress(
    `Distilling ${run.name}`,
    { cancellable: true },
    (progress, token) =>
      new Promise<void>((resolve) => {
        let share = 0;
        const update = () => {
          if (!run.isRunning) {
            subscription.dispose();
            resolve();
            return;
          }
          const now = shareDone(run.progress) ?? 0;
          const left = secondsLeft(run.progress);
          progress.report({
            message: token.isCancellationRequested
              ? 'stopping'
              : describeProgress(run.progress) +
                (left === null ? '' : ` · ${formatDuration(left)} left`),
            increment: Math.max(0, now - share) * 100,
          });
          share = Math.max(share, now);
        };
        const subscription = runs.onDidChange(update);
        token.onCancellationRequested(() => {
          update();
          void vscode.commands.executeCommand('meddistill.stop', run.folder);
        });
        update();
      }),
  );
}

/** For every run that goes on: its lines in the log while it does, a closing message when it no longer does. */
export function watchRuns(context: vscode.ExtensionContext, services: Services): void {
  const { runs } = services;
  const watched = new Map<RunModel, vscode.Disposable>();
  const look = () => {
    for (const run of runs.list()) {
      const follower = watched.get(run);
      if (run.isRunning && !follower) watched.set(run, logRun(services, run));
      if (!run.isRunning && follower) {
        watched.delete(run);
        follower.dispose();
        // Of a comparison its end is told, not that of each seed.
        if (!comparisonOf(run.folder)) void showClosing(services, run);
      }
    }
  };
  look();
  context.subscriptions.push(
    runs.onDidChange(look),
    new vscode.Disposable(() => {
      for (const follower of watched.values()) follower.dispose();
    }),
  );
}

/** Copies what a run reports, and what else its process prints, to the log. */
function logRun({ log, runs }: Services, run: RunModel): vscode.Disposable {
  const printed = new LineTail(run.file('log'));
  // Of a resumed run only what is new.
  printed.skip();
  const readPrinted = () => {
    for (const line of printed.read().lines)
      if (!line.startsWith('{')) log.warn(`${run.name}: ${line}`);
  };
  const following = runs.follow(run.folder, ({ packet, more }) => {
    readPrinted();
    // Of a run that has reported very much already, what comes now.
    if (!more) logPacket(log, run, packet);
  });
  return new vscode.Disposable(() => {
    following.dispose();
    readPrinted();
  });
}

function logPacket(log: vscode.LogOutputChannel, run: RunModel, packet: Packet): void {
  for (const event of packet.events) logEvent(log, run.name, run.progress.plan, event);
  for (const { stage, step, steps, losses } of packet.blocks)
    log.trace(
      `${run.name}: ${stage} ${step.at(-1)}/${steps} loss ${losses['loss']?.at(-1)?.toFixed(5)}`,
    );
}

function logEvent(
  log: vscode.LogOutputChannel,
  name: string,
  plan: RunPlan,
  event: RareEvent,
): void {
  switch (event.type) {
    case 'run':
      return log.info(
        `${name}: ${event.resumed ? 'resumed' : 'started'} from ${event.config}, seed ${event.seed}`,
      );
    case 'device':
      return log.info(
        `${name}: ${event.device} (${event.name}), ${event.threads} threads${event.note ? `; ${event.note}` : ''}`,
      );
    case 'cohort':
      return log.info(
        `${name}: ${event.role} ${event.domain}, ${event.cases} cases, ${event.slices} slices`,
      );
    case 'stage':
      return log.info(
        `${name}: ${stageTitle(plan, event.stage)} ${event.state}, step ${event.step} of ${event.steps}`,
      );
    case 'evaluation':
      return log.info(
        `${name}: Dice of ${event.network} on ${event.domain} ${event.dice?.toFixed(4) ?? 'undefined'} (${event.cases} cases, ${event.stage} step ${event.step})`,
      );
    case 'log':
      return log[event.level === 'warning' ? 'warn' : event.level](`${name}: ${event.message}`);
    case 'finished':
    case 'cancelled':
      return log.info(`${name}: ${event.type}`);
    case 'gap':
      return log.info(`${name}: ${gapSentence(event.difference)}`);
    case 'estimate':
      return log.debug(`${name}: estimated`);
    case 'fsd':
    case 'graphs':
    case 'signal':
    case 'gradients':
      return log.debug(`${name}: ${event.type} at ${event.stage} step ${event.step}`);
  }
}

/** Says how a run ended, with what can be done next. */
async function showClosing({ log, runs }: Services, run: RunModel): Promise<void> {
  const act = (command: string) =>
    vscode.commands.executeCommand(`meddistill.${command}`, run.folder);
  switch (run.state) {
    case 'running':
      return;
    case 'finished': {
      await runs.loadResults([run]);
      const choice = await inform(closingText(run), 'Open Results', 'Compare Predictions');
      if (choice === 'Open Results') await act('openDashboard');
      if (choice === 'Compare Predictions') await act('comparePredictions');
      return;
    }
    case 'cancelled':
    case 'interrupted':
      if (run.stopAsked || run.state === 'cancelled') {
        const choice = await inform(closingText(run), 'Resume');
        if (choice === 'Resume') await act('resume');
        return;
      }
      break;
    case 'failed':
  }
  const text = closingText(run);
  log.error(text);
  const resumable = run.record !== null && run.canResume;
  const choice = await complain(
    text,
    ...(resumable ? ['Resume'] : []),
    'Show Log',
    'Copy Diagnostics',
  );
  runs.touch(run);
  if (choice === 'Resume') await act('resume');
  if (choice === 'Show Log') log.show();
  if (choice === 'Copy Diagnostics')
    await vscode.commands.executeCommand('meddistill.copyDiagnostics', run.folder);
}
