import { mul } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { matmul } from '../graph/operators/matmul';
import { reshape } from '../graph/operators/shape';
import { settings } from '../options';
import { adapted, commonLevels, maximaOn, meanOf, meanSquare, successive } from './features';
import { method } from './method';
import { scopeOption, viewsInScope, weighted, weightOption } from './shared-options';

const summary =
  'Flow of the solution procedure (Yim et al., CVPR 2017): how the features of one level of the encoder go with those of the next is to be as in the teacher.';

const options = settings(
  {
    weight: weightOption(
      1,
      'Weight of the term. **Our choice**: in the paper a stage of its own comes before training, without a weight.',
    ),
    scope: scopeOption,
  },
  { markdownDescription: summary },
);

/**
 * Flow of the solution procedure: the mean over successive levels of mean (G_T - G_S)^2, where G = F_a F_b^T / (h w) between the channels
 * of two levels, the finer one pooled to its maxima [published]. Levels are all grids on which both encoders have features; 1 x 1
 * convolutions trained along give the student's the teacher's channels, which the paper presupposes [our choices].
 */
export const fsp = method({
  name: 'fsp',
  title: 'FSP',
  source: 'Yim et al., CVPR 2017',
  summary,
  formula: 'weight · mean (G_T - G_S)², G = F_a F_bᵀ / pixels, of successive levels a and b',
  options,
  before: [],
  views: viewsInScope,
  predicts: () => 'images',
  byImage: () => true,
  trains: ['fsp/'],
  terms: (seen, { weight }) =>
    weighted({
      flow: {
        value: () => {
          const levels = commonLevels(seen, 'fsp', 2).map((pair, i) => ({
            teacher: pair.teacher,
            student: adapted('fsp', `channels${i}`, pair),
          }));
          return meanOf(
            successive(levels, (fine, coarse) =>
              meanSquare(flow(fine.teacher, coarse.teacher), flow(fine.student, coarse.student)),
            ),
          );
        },
        weight,
        title: 'FSP flow',
        color: 2,
      },
    }),
});

/** The mean over pixels of the products of the channels of two levels: [n, a, k h, k w] and [n, b, h, w] -> [n, a, b]. */
export function flow(fine: Value, coarse: Value): Value {
  const [n, b, h, w] = coarse.shape;
  const pooled = reshape(maximaOn(coarse, fine), [n, fine.shape[1], h * w]);
  const product = matmul(pooled, reshape(coarse, [n, b, h * w]), { transB: true });
  return mul(product, fine.graph.scalar(1 / (h * w)));
}
