import { add, div, mul, sqrt, sub } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { meanAll, reduceMean, reduceSum } from '../graph/operators/reduction';
import { softmax } from '../graph/operators/softmax';
import { settings } from '../options';
import { method } from './method';
import {
  predictedInScope,
  scopeOption,
  softLabelsByTargets,
  targetLogits,
  targetsOption,
  viewsInScope,
  weighted,
  weightOption,
} from './shared-options';

const summary =
  "DIST (Huang et al., NeurIPS 2022): the student's probabilities are to correlate with the teacher's, over the classes of a pixel and over the pixels of a class.";

const options = settings(
  {
    inter: weightOption(
      1,
      "Weight beta of the correlation over classes. 1 in the authors' code for segmentation. Of two classes it is always 1 or -1: with one foreground class there is no such term.",
    ),
    intra: weightOption(
      1,
      "Weight gamma of the correlation over pixels. 1 in the authors' code for segmentation.",
    ),
    scope: scopeOption,
    targets: targetsOption,
  },
  { markdownDescription: summary },
);

/**
 * DIST: beta (1 - mean over pixels of r over classes) + gamma (1 - mean over classes of r over all pixels of the batch), r Pearson's
 * correlation of both networks' probabilities [published].
 */
export const dist = method({
  name: 'dist',
  title: 'DIST',
  source: 'Huang et al., NeurIPS 2022, arXiv 2205.10536',
  summary,
  formula:
    'β (1 - mean over pixels of r over classes) + γ (1 - mean over classes of r over pixels), r = correlation of probabilities',
  options,
  before: [],
  views: viewsInScope,
  predicts: predictedInScope,
  softLabels: softLabelsByTargets,
  // Over all pixels of a batch.
  byImage: ({ intra }) => intra === 0,
  terms: (seen, { inter, intra, targets }) =>
    weighted({
      inter: {
        value: () => interClass(targetLogits(seen, { targets }), seen.logits),
        weight: seen.logits.shape[1] > 2 ? inter : 0,
        title: 'DIST inter-class',
        color: 2,
      },
      intra: {
        value: () => intraClass(targetLogits(seen, { targets }), seen.logits),
        weight: intra,
        title: 'DIST intra-class',
        color: 3,
      },
    }),
});

/** 1 - the mean over pixels of the correlation over classes; logits [n, classes + 1, h, w]. */
export const interClass = (teacher: Value, student: Value): Value =>
  uncorrelated(teacher, student, [1]);

/** 1 - the mean over classes of the correlation over all pixels of the batch; logits [n, classes + 1, h, w]. */
export const intraClass = (teacher: Value, student: Value): Value =>
  uncorrelated(teacher, student, [0, 2, 3]);

/** Keeps a correlation of what does not vary at 0. */
const epsilon = 1e-8;

/** 1 - the mean of Pearson's correlation of both networks' probabilities over these axes. */
function uncorrelated(teacher: Value, student: Value, axes: readonly number[]): Value {
  const g = teacher.graph;
  const centred = (logits: Value) => {
    const p = softmax(logits, 1);
    return sub(p, reduceMean(p, axes));
  };
  const [t, s] = [centred(teacher), centred(student)];
  // The root of a sum that may be 0 has no gradient there.
  const length = (x: Value) => sqrt(add(reduceSum(mul(x, x), axes), g.scalar(epsilon ** 2)));
  const product = add(mul(length(t), length(s)), g.scalar(epsilon));
  return sub(g.scalar(1), meanAll(div(reduceSum(mul(t, s), axes), product)));
}
