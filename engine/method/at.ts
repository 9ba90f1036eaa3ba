import { mul } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { reduceMean } from '../graph/operators/reduction';
import { reshape } from '../graph/operators/shape';
import { settings } from '../options';
import { commonLevels, meanSquare, sumOf } from './features';
import { unit } from './gkd/vectors';
import { method } from './method';
import { scopeOption, viewsInScope, weighted, weightOption } from './shared-options';

const summary =
  'Attention transfer (Zagoruyko and Komodakis, ICLR 2017): at every level of the encoder the student is to be strong where the teacher is.';

const options = settings(
  {
    weight: weightOption(1000, "Weight of the term. 1000 in the paper and in the authors' code."),
    scope: scopeOption,
  },
  { markdownDescription: summary },
);

/**
 * Attention transfer: the sum over levels of mean (Q_T - Q_S)^2, where Q is the mean over channels of F^2, scaled to length 1 over the
 * image [published]. Levels are all grids on which both encoders have features [our choice].
 */
export const at = method({
  name: 'at',
  title: 'AT',
  source: 'Zagoruyko and Komodakis, ICLR 2017, arXiv 1612.03928',
  summary,
  formula: 'weight · Σ over levels of mean (q_T - q_S)², q = mean over channels of F², at length 1',
  options,
  before: [],
  views: viewsInScope,
  predicts: () => 'images',
  byImage: () => true,
  terms: (seen, { weight }) =>
    weighted({
      attention: {
        value: () =>
          sumOf(
            commonLevels(seen, 'at').map(({ teacher, student }) =>
              attentionDistance(teacher, student),
            ),
          ),
        weight,
        title: 'AT attention',
        color: 2,
      },
    }),
});

/** Mean over images and pixels of the squared difference of two attention maps, of features [n, channels of each, h, w]. */
export const attentionDistance = (teacher: Value, student: Value): Value =>
  meanSquare(attentionMap(mul(teacher, teacher)), attentionMap(mul(student, student)));

/** The mean over channels of what is no less than 0, scaled to length 1 over the image: [n, c, h, w] -> [n, h w]. */
export function attentionMap(x: Value): Value {
  const [n, , h, w] = x.shape;
  return unit(reshape(reduceMean(x, [1]), [n, h * w]));
}
