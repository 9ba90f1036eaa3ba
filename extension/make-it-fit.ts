import * as vscode from 'vscode';
import type { Estimate } from '../engine/contract/estimate';
import { durationExamples, formatDuration, parseDuration } from '../engine/presentation/duration';
import { secondsOf } from '../engine/presentation/estimate-table';
import { pick, type Choice } from './messages';

/** How long a run may take. */
export interface TimeChoice {
  /** As in `30m`; null: as long as it takes. */
  time: string | null;
}

const times = [
  { label: '10 minutes', time: '10m' },
  { label: 'An hour', time: '1h' },
  { label: 'A night', time: '8h' },
];

/** As short as stages are made to fit into a time, of their steps. */
const shortest = 0.01;

/**
 * The times that are offered for a run: those shorter than it takes, without those that it takes even with the fewest steps, since neither
 * preparation nor evaluation is shortened.
 */
export function timesToFit(estimate: Estimate): { label: string; time: string }[] {
  const whole = secondsOf(estimate);
  const isTraining = ({ steps }: { steps: number }) => steps > 0;
  const training = secondsOf({
    ...estimate,
    stages: estimate.stages.filter(isTraining),
  });
  const least = whole - training + shortest * training;
  return times.filter(({ time }) => {
    const seconds = parseDuration(time)!;
    return seconds < whole && seconds >= least;
  });
}

/** What is asked before a run that takes long: how long it may take. Undefined where it is not to start. */
export async function askTime(name: string, estimate: Estimate): Promise<TimeChoice | undefined> {
  const takes = formatDuration(secondsOf(estimate));
  const choices: (Choice & { time: () => Promise<string | null | undefined> })[] = [
    {
      icon: 'play',
      label: 'As it is',
      description: `about ${takes}`,
      time: () => Promise.resolve(null),
    },
    ...timesToFit(estimate).map(({ label, time }) => ({
      icon: 'watch',
      label,
      description: `${time}: all stages shortened by one factor`,
      time: () => Promise.resolve(time),
    })),
    {
      icon: 'edit',
      label: 'Another time',
      description: `as in ${durationExamples}`,
      time: askOther,
    },
  ];
  const picked = await pick(choices, {
    placeHolder: `${name} takes about ${takes} on this machine: how long may it take?`,
  });
  const time = await picked?.time();
  return time === undefined ? undefined : { time };
}

const askOther = async (): Promise<string | undefined> =>
  (
    await vscode.window.showInputBox({
      title: 'Make It Fit',
      prompt: `How long the run may take, as in ${durationExamples}; all stages are shortened by one factor.`,
      placeHolder: '30m',
      validateInput: faultOf,
    })
  )?.trim();

const faultOf = (time: string): string | undefined =>
  parseDuration(time) === null ? `It is a time, as in ${durationExamples}.` : undefined;

/** The choice that a test or another extension has made beforehand; menus hand over other things. @throws Error where it is no time */
export function asTimeChoice(given: unknown): TimeChoice | undefined {
  if (typeof given !== 'object' || given === null || !('time' in given)) return undefined;
  const { time } = given;
  if (time === null) return { time };
  if (typeof time !== 'string' || parseDuration(time) === null)
    throw new Error(
      `time: it is ${JSON.stringify(time)}, and must be a time, as in ${durationExamples}, or null.`,
    );
  return { time: time.trim() };
}
