import Type from 'typebox';
import { cast, less, mul, relu } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { Layers } from '../networks/layers';
import { settings } from '../options';
import { adapted, bottlenecks, meanSquare } from './features';
import { method } from './method';
import { randomInput } from './rows';
import { scopeOption, viewsInScope, weighted, weightOption } from './shared-options';

const summary =
  "Masked generative distillation (Yang et al., ECCV 2022): from a part of the student's bottleneck the whole of the teacher's is to be generated.";

const options = settings(
  {
    weight: weightOption(
      1,
      "Weight of the term. **Our choice**: the authors' 0.00002 is for a sum over features of 2048 channels, ours is a mean.",
    ),
    masked: Type.Number({
      minimum: 0,
      exclusiveMaximum: 1,
      default: 0.75,
      markdownDescription:
        "Share of the pixels of the student's bottleneck that are hidden, others at each step. 0.75 in the authors' code for segmentation.",
    }),
    scope: scopeOption,
  },
  { markdownDescription: summary },
);

/**
 * Masked generative distillation: mean (G(M f(F_S)) - F_T)^2, where f is a 1 x 1 convolution to the teacher's channels, M hides each pixel
 * with probability `masked`, and G is two 3 x 3 convolutions with a ReLU between them; f and G are trained along [published: a sum over
 * the features of an image; the mean, and the bottleneck as the features, are our choice].
 */
export const mgd = method({
  name: 'mgd',
  title: 'MGD',
  source: 'Yang et al., ECCV 2022, arXiv 2205.01529',
  summary,
  formula: 'weight · mean (G(M F_S) - F_T)², M a random mask, G two convolutions',
  options,
  before: [],
  views: viewsInScope,
  predicts: () => 'images',
  byImage: () => true,
  trains: ['mgd/'],
  terms: (seen, { weight, masked }) =>
    weighted({
      generation: {
        value: () => {
          const pair = bottlenecks(seen, 'mgd');
          const [n, , h, w] = pair.student.shape;
          const random = randomInput(seen.graph, 'mgd', [n, 1, h, w]);
          const student = adapted('mgd', 'align', pair);
          return generationDistance(pair.teacher, student, random, masked, (name, x) =>
            seen.graph.scope('mgd', () =>
              new Layers(seen.graph, false).conv(name, x, x.shape[1], { kernel: 3, bias: true }),
            ),
          );
        },
        weight,
        title: 'MGD generation',
        color: 2,
      },
    }),
});

/**
 * Mean squared difference of the teacher's features [n, c, h, w] from those generated of the student's, of the same shape, where its pixels
 * with a random number [n, 1, h, w] below 1 - `masked` are left; by two convolutions, `generate.0` and `generate.1`.
 */
export function generationDistance(
  teacher: Value,
  student: Value,
  random: Value,
  masked: number,
  convolution: (name: string, x: Value) => Value,
): Value {
  const left = cast(less(random, teacher.graph.scalar(1 - masked)), 'float32');
  const hidden = relu(convolution('generate.0', mul(student, left)));
  return meanSquare(convolution('generate.1', hidden), teacher);
}
