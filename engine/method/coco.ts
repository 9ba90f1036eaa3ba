import { mul } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { matmul } from '../graph/operators/matmul';
import { settings } from '../options';
import { commonLevels, maximaOn, meanOf, meanSquare, successive } from './features';
import { method } from './method';
import { scopeOption, viewsInScope, weighted, weightOption } from './shared-options';
import { cosines } from './skd';

const summary =
  "Cross-layer correlation (after CoCo DistillNet, Zou and Sun, BIBM 2021), adapted: how alike places are at one level of the encoder is to go with how alike they are at the next as in the teacher. Their loss's code was not published.";

const options = settings(
  {
    weight: weightOption(1, 'Weight of the term. **Our choice.** '),
    scope: scopeOption,
  },
  { markdownDescription: summary },
);

/**
 * Cross-layer correlation, adapted: the mean over successive levels of mean (C_T - C_S)^2, where C = A_a A_b / (h w), and A is the spatial
 * similarity of a level, the cosines between its places, over which channels are mixed so that their number does not matter. Published are
 * the words "correlations of channel-mixed spatial similarity between different layers"; this form of them, the levels (all grids on which
 * both encoders have features) and the pooling of the finer one to its maxima are our choice. Left out are the paraphraser of the teacher's
 * features and the adversarial part.
 */
export const coco = method({
  name: 'coco',
  title: 'CoCo, adapted',
  source: 'after Zou and Sun, BIBM 2021, arXiv 2108.12173',
  summary,
  formula: 'weight · mean (C_T - C_S)², C = A_a A_b / pixels, A = cosines of all places of a level',
  options,
  before: [],
  views: viewsInScope,
  predicts: () => 'images',
  byImage: () => true,
  terms: (seen, { weight }) =>
    weighted({
      correlation: {
        value: () =>
          meanOf(
            successive(commonLevels(seen, 'coco', 2), (fine, coarse) =>
              meanSquare(
                correlation(fine.teacher, coarse.teacher),
                correlation(fine.student, coarse.student),
              ),
            ),
          ),
        weight,
        title: 'CoCo cross-layer correlation, adapted',
        color: 2,
      },
    }),
});

/** How the similarities of two levels go together, [n, a, k h, k w] and [n, b, h, w] -> [n, h w, h w]. */
export function correlation(fine: Value, coarse: Value): Value {
  const [, , h, w] = coarse.shape;
  const product = matmul(cosines(maximaOn(coarse, fine)), cosines(coarse));
  return mul(product, fine.graph.scalar(1 / (h * w)));
}
