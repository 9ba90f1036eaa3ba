import { add, div, mul } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { matmul } from '../graph/operators/matmul';
import { reduceSum } from '../graph/operators/reduction';
import { reshape } from '../graph/operators/shape';
import { settings } from '../options';
import { commonLevels, labelsOn, meanOf, meanSquare } from './features';
import { unit } from './gkd/vectors';
import { method } from './method';
import { scopeOption, viewsInScope, weighted, weightOption } from './shared-options';

const summary =
  "Intra-class feature variation distillation (Wang et al., ECCV 2020): pixels are to be as like their class's mean as the teacher's are to its.";

const options = settings(
  {
    weight: weightOption(200, "Weight of the term. 200 in the authors' code."),
    scope: scopeOption,
  },
  { markdownDescription: summary },
);

/**
 * Intra-class feature variation distillation: mean (m_T - m_S)^2, where m is the cosine of each pixel's features to the mean of its class
 * in the image [published, on one feature map]; the mean over all grids on which both encoders have features [our choice]. The authors'
 * pixel-wise part is `kd`, to be named beside it; their adversarial part is left out.
 */
export const ifvd = method({
  name: 'ifvd',
  title: 'IFVD',
  source: 'Wang et al., ECCV 2020',
  summary,
  formula: "weight · mean (m_T - m_S)², m = cosine of a pixel's features to the mean of its class",
  options,
  before: [],
  views: viewsInScope,
  predicts: () => 'images',
  byImage: () => true,
  terms: (seen, { weight }) =>
    weighted({
      variation: {
        value: () =>
          meanOf(
            commonLevels(seen, 'ifvd').map(({ teacher, student }) =>
              variationDistance(teacher, student, labelsOn(seen.labels, teacher)),
            ),
          ),
        weight,
        title: 'IFVD intra-class variation',
        color: 2,
      },
    }),
});

/** Mean over pixels of the squared difference of the cosine to the class's mean; features [n, channels of each, h, w], one-hot labels. */
export const variationDistance = (teacher: Value, student: Value, labels: Value): Value =>
  meanSquare(toPrototype(teacher, labels), toPrototype(student, labels));

/** The cosine of each pixel's features [n, c, h, w] to the mean of those of its class in the image, [n, h w]. */
function toPrototype(x: Value, labels: Value): Value {
  const [n, c, h, w] = x.shape;
  const features = reshape(x, [n, c, h * w]);
  const prototypes = matmul(classMeans(x, labels), oneHot(labels), { transA: true });
  return reshape(reduceSum(mul(unit(features, 1), unit(prototypes, 1)), [1]), [n, h * w]);
}

/** The mean of features [n, c, h, w] over each class's pixels, [n, classes + 1, c]; 0 for a class that an image lacks. */
export function classMeans(x: Value, labels: Value): Value {
  const [n, c, h, w] = x.shape;
  const pixels = oneHot(labels);
  const sums = matmul(pixels, reshape(x, [n, c, h * w]), { transB: true });
  return div(sums, add(reduceSum(pixels, [2]), x.graph.scalar(1e-6)));
}

/** [n, classes + 1, h, w] -> [n, classes + 1, h w] */
const oneHot = (labels: Value): Value => {
  const [n, classes, h, w] = labels.shape;
  return reshape(labels, [n, classes, h * w]);
};
