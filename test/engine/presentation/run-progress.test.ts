import assert from 'node:assert/strict';
import type { TimedEvent } from '../../../engine/contract/events';
import type { RunProgress } from '../../../engine/contract/runs';
import { formatDuration, parseDuration } from '../../../engine/presentation/duration';
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

  describe('that said what it will take', () => {
    const stage = (name: string, state: 'started' | 'finished' | 'skipped', seconds: number) =>
      ({
        time: at(seconds),
        type: 'stage',
        stage: name,
        state,
        step: state === 'started' ? 0 : 100,
        steps: 100,
        seconds: 1,
      }) as const;
    const estimate = (seconds: Record<string, number>, time = 0): TimedEvent => ({
      time: at(time),
      type: 'estimate',
      stages: Object.entries(seconds).map(([name, s]) => ({
        stage: name,
        steps: 100,
        left: 100,
        secondsPerStep: s / 100,
        seconds: s,
        memory: null,
      })),
      took: 1,
      scale: 1,
    });
    const three = estimate({ prepare: 500, teacher: 100, warmup: 50, evaluate: 10 });
    /** How a run goes whose steps take so many seconds each, and whose stages so many before the first. */
    const steps = (name: 'teacher' | 'warmup', from: number, each: number, before = 0) =>
      Array.from({ length: 100 }, (_, n) => step(name, n + 1, from + before + (n + 1) * each));

    it('knows the time left before the first step', () => {
      assert.equal(secondsLeft(after(three)), 160);
      assert.equal(secondsLeft(after(three, stage('teacher', 'started', 1))), 160);
      assert.equal(secondsLeft(after(three, stage('teacher', 'skipped', 1))), 60);
    });

    it('says what is left as it was said where all goes as was expected', () => {
      const events = [three, stage('teacher', 'started', 0), ...steps('teacher', 0, 1)];
      for (const n of [10, 50, 90]) {
        const left = secondsLeft(after(...events.slice(0, 2 + n)))!;
        assert.ok(Math.abs(left - (160 - n)) < 1.5, `${n}: ${left}`);
      }
    });

    it('scales what is to come as the stages before did, and never jumps', () => {
      // Three times as slow as was expected, with 5 seconds of compiling before each stage.
      const events = [
        three,
        stage('teacher', 'started', 0),
        ...steps('teacher', 0, 3, 5),
        stage('teacher', 'finished', 305),
        stage('warmup', 'started', 305),
        ...steps('warmup', 305, 1.5, 5),
        stage('warmup', 'finished', 460),
      ];
      let progress = noProgress;
      let before: number | null = null;
      const seen: number[] = [];
      for (const event of events) {
        progress = advance(progress, event);
        const left = secondsLeft(progress)!;
        if (before !== null) assert.ok(left < 1.25 * before + 5, `from ${before} to ${left}`);
        seen.push((before = left));
      }
      // At the half of the teacher's steps: 150 of its own, and about three times the 60 of the others.
      assert.ok(Math.abs(seen[52] - 330) < 40, `${seen[52]}`);
      assert.ok(Math.abs(seen.at(-1)! - 30) < 3, `${seen.at(-1)}`);
    });

    it('takes the steps of its stages from there, where they were made to fit a time', () => {
      const shorter = planned(noProgress, { teacher: 1000, warmup: 500 });
      const progress = advance(shorter, three);
      const ofPlan = Object.fromEntries(progress.plan.stages.map((s) => [s.name, s.steps]));
      assert.deepEqual([ofPlan['teacher'], ofPlan['warmup']], [100, 100]);
      assert.equal(shareDone(advance(progress, stage('teacher', 'skipped', 1))), 0.5);
    });

    it('goes by its pace where what it said is no time', () => {
      const nothing = estimate({ teacher: 0, warmup: -5 });
      const progress = after(nothing, step('teacher', 1, 0), step('teacher', 11, 20));
      assert.equal(secondsLeft(planned(progress, { teacher: 100 })), 178);
    });
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

  it('reads durations as people write them, and nothing else', () => {
    const read = ['45s', '30m', '2h', '1h30m', ' 1h1m1s ', '1.5h'].map(parseDuration);
    assert.deepEqual(read, [45, 1800, 7200, 5400, 3661, 5400]);
    for (const none of ['', '5', 'h', '0s', '30m1h', '1d', '-1h', '1h 30m', '1e3s'])
      assert.equal(parseDuration(none), null, none);
  });

  it('writes durations for people', () => {
    assert.equal(formatDuration(40.2), '40 s');
    assert.equal(formatDuration(179), '3 min');
    assert.equal(formatDuration(7500), '2 h 05 min');
  });
});
