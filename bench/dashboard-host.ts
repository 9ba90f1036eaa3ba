/** Plays the extension for the dashboard's page: a distillation of 100,000 steps, then new steps on demand, each drawing timed. */
import type { StepBlock } from '../engine/contract/packet';
import { Channel } from '../engine/channel';
import type { HostCalls, HostEvent, PageCalls, PageEvent } from '../engine/contract/dashboard-page';

const terms = [
  'crossEntropy',
  'dice',
  'intra',
  'inter',
  'studentToTeacher',
  'teacherToStudent',
  'loss',
];
const folder = '/runs/long';
let hear: ((message: unknown) => void) | null = null;
Object.assign(globalThis, {
  acquireVsCodeApi: () => ({
    postMessage: (message: unknown) => setTimeout(() => hear?.(structuredClone(message)), 0),
    getState: () => null,
    setState: () => {},
  }),
});

function block(from: number, count: number, steps: number): StepBlock {
  const column = (f: (step: number) => number) =>
    Float32Array.from({ length: count }, (_, i) => f(from + i));
  return {
    stage: 'gkd',
    steps,
    step: Float64Array.from({ length: count }, (_, i) => from + i + 1),
    time: Float64Array.from({ length: count }, (_, i) => 1.7e12 + 100 * (from + i)),
    losses: Object.fromEntries(
      terms.map((term, t) => [
        term,
        column(
          (step) => (t + 1) * (0.05 + Math.exp((-4 * step) / steps)) * (0.6 + 0.8 * Math.random()),
        ),
      ]),
    ),
    measures: {
      learningRate: column((step) => 1e-3 * (1 - step / (steps + 1))),
      imagesPerSecond: column(() => 50 + 10 * Math.random()),
      memory: column(() => 6e8),
      gradientNorm: column(() => 1 + Math.random()),
    },
  };
}

let done = 0;
const channel = new Channel<HostCalls, PageCalls, HostEvent, PageEvent>(
  {
    post: (message) => window.postMessage(message),
    listen: (receive) => {
      hear = receive;
      return () => (hear = null);
    },
  },
  {
    onEvent: () =>
      channel.say({
        type: 'runs',
        runs: [
          {
            folder,
            name: 'long',
            state: 'running',
            error: null,
            canResume: false,
            share: null,
            secondsLeft: 60,
            started: null,
            seed: 1,
          },
        ],
      }),
  },
);

const frames = (count: number) =>
  new Promise<void>((resolve) => {
    const next = (left: number) =>
      left === 0 ? resolve() : requestAnimationFrame(() => next(left - 1));
    next(count);
  });

Object.assign(globalThis, {
  /** Milliseconds from sending so many steps to their being on the screen. */
  sendSteps: async (count: number, steps: number): Promise<number> => {
    const packet = { blocks: [block(done, count, steps)], events: [] };
    done += count;
    const began = performance.now();
    channel.say({ type: 'packet', folder, packet, reset: done === count });
    await new Promise((resolve) => setTimeout(resolve, 0));
    await frames(2);
    return performance.now() - began;
  },
  /** Time between frames while two steps come ten times a second, for so many seconds. */
  live: async (seconds: number, steps: number): Promise<number[]> => {
    const gaps: number[] = [];
    let last = performance.now();
    const end = last + 1000 * seconds;
    const timer = setInterval(() => {
      channel.say({
        type: 'packet',
        folder,
        packet: { blocks: [block(done, 2, steps)], events: [] },
        reset: false,
      });
      done += 2;
    }, 100);
    while (last < end) {
      await frames(1);
      const now = performance.now();
      gaps.push(now - last);
      last = now;
    }
    clearInterval(timer);
    return gaps;
  },
});
