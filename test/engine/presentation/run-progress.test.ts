import assert from 'node:assert/strict';
import type { TimedEvent } from '../../../engine/contract/events';
import type { RunProgress } from '../../../engine/contract/runs';
import { formatDuration } from '../../../engine/presentation/duration';
import { oldPlan } from '../../../engine/presentation/old-runs';
import {
  advance,
  describeProgress,
  noProgress,
  secondsLeft,
  shareDone,
} from '../../../engine/presentation/run-progress';

const at = (seconds: number) => new Date(1e12 + seconds * 1000).toISOString();
const step = (stage: 'teacher' | 'warmup', n: number, seconds: number): TimedEvent => ({
  time: at(seconds),
  type: 'step',
  stage,
  step: n,
  steps: 100,
  losses: { loss: 1 },
  learningRate: 1,
  imagesPerSecond: 8,
});
const after = (...events: TimedEvent[]): RunProgress => events.reduce(advance, noProgress);

/** The same progress of a run that told how many steps its stages have. */
const planned = (progress: RunProgress, steps: Record<string, number>): RunProgress => ({
  ...progress,
  plan: {
    ...oldPlan,
    stages: oldPlan.stages.map((stage) => ({ ...stage, steps: steps[stage.name] ?? 0 })),
  },
});

describe('the progress of a run', () => {
  it('takes its pace from the times of the steps, not from when they were read', () => {
    const progress = after(step('teacher', 1, 0), step('teacher', 11, 20));
    assert.equal(progress.secondsPerStep, 2);
    assert.equal(secondsLeft(planned(progress, { teacher: 100 })), 178);
  });

  it('counts stages to come at the slowest pace so far', () => {
    const progress = after(step('teacher', 1, 0), step('teacher', 2, 2));
    assert.equal(secondsLeft(planned(progress, { teacher: 100, distill: 10 })), 98 * 2 + 10 * 2);
  });

  it('knows no time left before there is a pace', () => {
    assert.equal(secondsLeft(planned(after(step('teacher', 1, 0)), { teacher: 100 })), null);
  });

  it('counts a skipped stage as done', () => {
    const progress = after({
      time: at(0),
      type: 'stage',
      stage: 'teacher',
      state: 'skipped',
      step: 100,
      steps: 100,
    });
    assert.equal(shareDone(planned(progress, { teacher: 100, warmup: 100 })), 0.5);
    assert.equal(shareDone(planned(progress, {})), null);
  });

  it('adds the steps of the stage at work to those that are over', () => {
    const progress = after(
      {
        time: at(0),
        type: 'stage',
        stage: 'teacher',
        state: 'finished',
        step: 100,
        steps: 100,
        seconds: 50,
      },
      step('warmup', 50, 60),
    );
    assert.equal(shareDone(planned(progress, { teacher: 100, warmup: 100, distill: 100 })), 0.5);
  });

  it('says stage, step and the latest Dice in one line', () => {
    const progress = after(step('warmup', 40, 0), {
      time: at(1),
      type: 'evaluation',
      stage: 'warmup',
      step: 40,
      network: 'warmup',
      domain: 'ct',
      role: 'source',
      split: 'validation',
      dice: 0.71234,
      cases: 2,
    });
    assert.equal(
      describeProgress(progress),
      'Student warm-up: 40 of 100 · Dice 0.712 (warmup, ct)',
    );
    assert.equal(describeProgress(noProgress), 'Reading the cohort');
  });

  it('forgets a broken-off attempt when a run starts anew, not when it is resumed', () => {
    const over: TimedEvent = {
      time: at(0),
      type: 'stage',
      stage: 'teacher',
      state: 'finished',
      step: 100,
      steps: 100,
      seconds: 50,
    };
    const run = {
      time: at(9),
      type: 'run',
      folder: '',
      config: '',
      seed: 1,
      plan: oldPlan,
    } as const;
    assert.deepEqual(after(over, { ...run, resumed: false }).finished, {});
    assert.ok(after(over, { ...run, resumed: true }).finished.teacher);
  });

  it('writes durations for people', () => {
    assert.equal(formatDuration(40.2), '40 s');
    assert.equal(formatDuration(179), '3 min');
    assert.equal(formatDuration(7500), '2 h 05 min');
  });
});
