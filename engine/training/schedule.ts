import type { TrainingConfig } from '../config/config';

/**
 * The learning rate at `step` (from 0) of `steps`: a linear warm-up over the schedule's first steps, then the base rate times
 * a factor of the share t of the remaining steps that is done: 1, a half cosine from 1 to `final`, (1 - t)^power, or
 * gamma^(number of milestones passed), milestones being shares of the whole.
 */
export function learningRateAt(
  schedule: TrainingConfig['schedule'],
  base: number,
  step: number,
  steps: number,
): number {
  const { warmup } = schedule;
  if (step < warmup) return (base * (step + 1)) / (warmup + 1);
  const t = (step - warmup) / Math.max(1, steps - warmup);
  switch (schedule.name) {
    case 'constant':
      return base;
    case 'cosine':
      return base * (schedule.final + (1 - schedule.final) * 0.5 * (1 + Math.cos(Math.PI * t)));
    case 'polynomial':
      return base * (1 - t) ** schedule.power;
    case 'step':
      return base * schedule.gamma ** schedule.milestones.filter((m) => step >= m * steps).length;
  }
}
