import assert from 'node:assert/strict';
import type { TrainingConfig } from '../../../engine/config/config';
import { learningRateAt } from '../../../engine/training/schedule';
import golden from './golden/optimizers.json';

type Schedule = TrainingConfig['schedule'];
const schedules: Record<keyof (typeof golden)['schedules'], Schedule> = {
  constant: { name: 'constant', warmup: 0 },
  cosine: { name: 'cosine', warmup: 0, final: 0 },
  'cosine, final 0.1': { name: 'cosine', warmup: 0, final: 0.1 },
  'polynomial, power 0.9': { name: 'polynomial', warmup: 0, power: 0.9 },
  'polynomial, power 2': { name: 'polynomial', warmup: 0, power: 2 },
  'step at 0.25 and 0.6': { name: 'step', warmup: 0, milestones: [0.25, 0.6], gamma: 0.1 },
};
const rates = (schedule: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, step) => learningRateAt(schedule, 0.5, step, steps));

describe('learningRateAt', () => {
  for (const [title, schedule] of Object.entries(schedules))
    it(`${title}: PyTorch's rates`, () => {
      const expected = golden.schedules[title as keyof typeof golden.schedules];
      rates(schedule, 20).forEach((rate, step) =>
        assert.ok(Math.abs(rate - expected[step]) < 1e-12, `step ${step}: ${rate}`),
      );
    });

  it('rises in equal steps to the base rate, and then runs the schedule over the rest', () => {
    for (const schedule of Object.values(schedules)) {
      const warm = rates({ ...schedule, warmup: 4 }, 24);
      [0.1, 0.2, 0.3, 0.4].forEach((rate, step) => assert.ok(Math.abs(warm[step] - rate) < 1e-12));
      // Milestones are shares of the whole, warm-up included.
      if (schedule.name !== 'step') assert.deepEqual(warm.slice(4), rates(schedule, 20));
    }
  });

  it('is never below 0 nor above the base rate, also where warm-up takes all steps', () => {
    for (const schedule of Object.values(schedules))
      for (const [steps, warmup] of [
        [1, 0],
        [3, 3],
        [3, 10],
        [50, 7],
      ])
        for (const rate of rates({ ...schedule, warmup }, steps))
          assert.ok(rate >= 0 && rate <= 0.5, `${schedule.name}: ${rate}`);
  });
});
