/** What views say of a run. Its folder may be somebody else's: what is Markdown here has the names in it escaped. */
import { escapeMarkdown, oneLine, withoutIcons } from '../engine/presentation/plain-text';
import { formatDuration } from '../engine/presentation/duration';
import { stageTitle } from '../engine/presentation/networks';
import { describeResults } from '../engine/presentation/report-summary';
import { describeProgress, secondsLeft, shareDone } from '../engine/presentation/run-progress';
import type { RunModel } from './run-model';

/** As much of a text of a run as a tooltip shows. */
const longest = 500;

/** Paragraphs of Markdown: state, start, device, why it ended, folder. */
export function runTooltip(run: RunModel): string[] {
  const { record, state } = run;
  // Records of other versions may lack it.
  const device = record?.device?.name ?? 'unknown';
  const description = record?.device?.description;
  return [
    `**${escapeMarkdown(run.name)}** (${state})`,
    ...[
      ...(record
        ? [
            `Started ${new Date(record.started).toLocaleString()}, seed ${record.seed ?? 'unknown'}`,
            `Device ${oneLine(device)}${description ? ` (${oneLine(description)})` : ''}`,
          ]
        : []),
      ...(state === 'failed' || state === 'interrupted' ? [run.reason()] : []),
      run.folder,
    ].map((text) => escapeMarkdown(text, longest)),
  ];
}

/** Paragraphs of Markdown: how far each run is. */
export const progressTooltip = (runs: readonly RunModel[]): string[] =>
  runs.map(
    (run) =>
      `**${escapeMarkdown(run.name)}**: ${escapeMarkdown(describeProgress(run.progress), longest)}`,
  );

/** The status bar's text without its icon: stage, share and time left of the only run that goes on, or how many do. */
export function statusText(running: readonly RunModel[]): string {
  if (running.length > 1) return `${running.length} distillations`;
  const [{ progress }] = running;
  const share = shareDone(progress);
  const left = secondsLeft(progress);
  return [
    progress.stage === null
      ? 'Reading the cohort'
      : withoutIcons(stageTitle(progress.plan, progress.stage), 60),
    ...(share === null ? [] : [`${Math.floor(share * 100)}%`]),
    ...(left === null ? [] : [`${formatDuration(left)} left`]),
  ].join(' · ');
}

/** How a run ended, in a sentence; with its results where they were loaded. */
export function closingText(run: RunModel): string {
  const { name, state, results } = run;
  if (state === 'finished')
    return `${name} is finished${results ? `: ${describeResults(results)}` : ''}.`;
  if (state === 'cancelled' || (state === 'interrupted' && run.stopAsked))
    return `${name} was stopped; it can be resumed from its last checkpoint.`;
  const how = state === 'failed' ? 'failed' : 'stopped unexpectedly';
  return `${name} ${how}: ${oneLine(run.reason(), longest).replace(/\.?$/, '.')}`;
}
