import Type from 'typebox';
import type { Value } from '../graph/graph';
import { matmul } from '../graph/operators/matmul';
import { maxPool } from '../graph/operators/pooling';
import { reshape } from '../graph/operators/shape';
import { settings } from '../options';
import { bottlenecks, meanSquare, teacherLogits } from './features';
import { unit } from './gkd/vectors';
import { softened } from './kd';
import { method } from './method';
import {
  predictedInScope,
  scopeOption,
  viewsInScope,
  weighted,
  weightOption,
} from './shared-options';

const summary =
  "Structured knowledge distillation (Liu et al., CVPR 2019), without its adversarial part: pixels' classes, and how alike any two places of the bottleneck are, are to be the teacher's.";

const options = settings(
  {
    pixelWise: weightOption(
      10,
      "Weight of the pixel-wise term. 10 in the authors' code, whose term is summed over the images of a batch; ours is a mean.",
    ),
    pairWise: weightOption(1, "Weight of the pair-wise term. 1 in the authors' code."),
    pool: Type.Integer({
      minimum: 1,
      maximum: 64,
      default: 2,
      markdownDescription:
        'So many rows and columns of the bottleneck are one node of the pairs, by their maximum; where the grid is no multiple of it, each pixel is one. **Our choice.** ',
    }),
    scope: scopeOption,
  },
  { markdownDescription: summary },
);

/**
 * Structured knowledge distillation: 10 KL(teacher || student) per pixel + mean over pairs of nodes of (a_T - a_S)^2, where a is the cosine
 * of two nodes of the bottleneck, pooled to their maximum [published]. Its holistic part, a discriminator that is trained along, is left
 * out.
 */
export const skd = method({
  name: 'skd',
  title: 'SKD',
  source: 'Liu et al., CVPR 2019, arXiv 1903.04197',
  summary,
  formula:
    'λ KL(T || S) of the class probabilities + μ mean over pairs of places of (cos_T - cos_S)²',
  options,
  before: [],
  views: viewsInScope,
  predicts: predictedInScope,
  byImage: () => true,
  terms: (seen, { pixelWise, pairWise, pool }) =>
    weighted({
      pixelWise: {
        value: () => softened(teacherLogits(seen), seen.logits, 1),
        weight: pixelWise,
        title: 'SKD pixel-wise',
        color: 2,
      },
      pairWise: {
        value: () => {
          const { teacher, student } = bottlenecks(seen, 'skd');
          return pairDistance(pooled(teacher, pool), pooled(student, pool));
        },
        weight: pairWise,
        title: 'SKD pair-wise',
        color: 3,
      },
    }),
});

const pooled = (x: Value, k: number): Value =>
  k > 1 && x.shape[2] % k === 0 && x.shape[3] % k === 0 ? maxPool(x, k) : x;

/**
 * Mean over images and pairs of pixels of the squared difference of their cosines in two networks' features [n, channels of each, h, w].
 */
export const pairDistance = (teacher: Value, student: Value): Value =>
  meanSquare(cosines(teacher), cosines(student));

/** The cosine of any two pixels' features: [n, c, h, w] -> [n, h w, h w]. */
export function cosines(x: Value): Value {
  const [n, c, h, w] = x.shape;
  const z = reshape(unit(x, 1), [n, c, h * w]);
  return matmul(z, z, { transA: true });
}
