import Type from 'typebox';
import { mul } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { settings } from '../options';
import { method } from './method';
import {
  predictedInScope,
  scopeOption,
  softLabelsByTargets,
  targetLogits,
  targetsOption,
  viewsInScope,
} from './shared-options';
import { klDivergence } from './segmentation-loss';

const summary =
  "Knowledge distillation (Hinton, Vinyals and Dean 2015): the student's class probabilities are to be the teacher's, pixel by pixel.";

const options = settings(
  {
    temperature: Type.Number({
      exclusiveMinimum: 0,
      default: 1,
      markdownDescription:
        'Logits of both networks are divided by it: above 1 the unlikely classes weigh more. **Our choice.** ',
    }),
    weight: Type.Number({
      exclusiveMinimum: 0,
      default: 4,
      markdownDescription: 'Weight of the term beside the supervised loss. **Our choice.** ',
    }),
    scope: scopeOption,
    targets: targetsOption,
  },
  { markdownDescription: summary },
);

/** Knowledge distillation of logits: temperature^2 KL(teacher || student) between softened class distributions, per pixel. */
export const kd = method({
  name: 'kd',
  title: 'KD',
  source: 'Hinton, Vinyals and Dean, arXiv 1503.02531',
  summary,
  formula: 'weight · τ² KL(T || S) of the class probabilities at temperature τ, mean over pixels',
  options,
  before: [],
  views: viewsInScope,
  predicts: predictedInScope,
  softLabels: softLabelsByTargets,
  byImage: () => true,
  terms: (seen, { temperature, weight, targets }) => ({
    logits: {
      value: softened(targetLogits(seen, { targets }), seen.logits, temperature),
      weight,
      title: 'KD logits',
      color: 2,
    },
  }),
});

/** temperature^2 KL(teacher || student) of logits [n, classes + 1, h, w] divided by the temperature, mean over pixels, in nats. */
export function softened(teacher: Value, student: Value, temperature: number): Value {
  const scaled = (x: Value) => mul(x, x.graph.scalar(1 / temperature));
  return mul(
    klDivergence(scaled(teacher), scaled(student)),
    teacher.graph.scalar(temperature ** 2),
  );
}
