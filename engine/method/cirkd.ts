import Type from 'typebox';
import { greater, mul, sub, where } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { matmul } from '../graph/operators/matmul';
import { meanAll, reduceSum } from '../graph/operators/reduction';
import { concat, reshape, slice, transpose } from '../graph/operators/shape';
import { logSoftmax, softmax } from '../graph/operators/softmax';
import { choice, settings } from '../options';
import { adapted, bottlenecks, labelsOn } from './features';
import { unit } from './gkd/vectors';
import { classMeans } from './ifvd';
import { method, type Seen } from './method';
import { firstRows } from './rows';
import { viewsInScope, weighted, weightOption } from './shared-options';

const summary =
  'Cross-image relational distillation (Yang et al., CVPR 2022): how alike pixels of any two images of a batch are, and how alike they are to regions of earlier batches, is to be as in the teacher.';

const options = settings(
  {
    temperature: Type.Number({
      exclusiveMinimum: 0,
      default: 0.1,
      markdownDescription:
        "Cosines are divided by it before the softmax. 0.1 in the authors' code.",
    }),
    pixel: weightOption(1, "Weight of the pixels within a batch. 1 in the authors' code."),
    region: weightOption(0.1, "Weight of the remembered regions. 0.1 in the authors' code."),
    memory: Type.Integer({
      minimum: 1,
      maximum: 2000,
      default: 256,
      markdownDescription:
        "So many regions of each class are remembered. **Our choice**: 2000 in the authors' code, of which 1024 are drawn at each step.",
    }),
    scope: choice(
      {
        views: 'The images and all their augmented views.',
        image: 'The images of a batch.',
      },
      {
        markdownDescription:
          'What the networks are compared on: memory and time grow with its square. **Our choice.** ',
        default: 'image',
      },
    ),
  },
  { markdownDescription: summary },
);

/**
 * Cross-image relational distillation on the bottlenecks: mean over pixels and images of KL(teacher || student) between the softmaxes of a
 * pixel's cosines / temperature to the pixels of an image, and the same to the teacher's regions of earlier batches, the mean features of a
 * class in an image, which a memory keeps by class, the oldest leaving first [published]. A 1 x 1 convolution trained along gives the
 * student the teacher's channels for the latter; the regions are those of the images, not of their views [our choices]. The authors' memory
 * of pixels, drawn at random within each class, is left out; their pixel-wise part is `kd`, to be named beside it.
 */
export const cirkd = method({
  name: 'cirkd',
  title: 'CIRKD',
  source: 'Yang et al., CVPR 2022, arXiv 2204.06986',
  summary,
  formula:
    "KL(T || S) of the softmax of a pixel's cosines / τ to the pixels of each image, and to regions of earlier batches",
  options,
  before: [],
  views: viewsInScope,
  predicts: () => 'images',
  trains: ['cirkd/'],
  terms: (seen, { temperature, pixel, region, memory }) =>
    weighted({
      pixel: {
        value: () => {
          const { teacher, student } = bottlenecks(seen, 'cirkd');
          return crossImageDistance(teacher, student, temperature);
        },
        weight: pixel,
        title: 'CIRKD pixels of a batch',
        color: 2,
      },
      region: {
        value: () => {
          const pair = bottlenecks(seen, 'cirkd');
          const regions = remembered(seen, pair.teacher, memory);
          return regionDistance(
            pair.teacher,
            adapted('cirkd', 'project', pair),
            regions,
            temperature,
          );
        },
        weight: region,
        title: 'CIRKD remembered regions',
        color: 3,
      },
    }),
});

/**
 * Mean over pixels and images, in nats, of KL(teacher || student) between the softmaxes of a pixel's cosines / temperature to all pixels of
 * an image of the batch; features [n, channels of each, h, w].
 */
export function crossImageDistance(teacher: Value, student: Value, temperature: number): Value {
  const [n, , h, w] = teacher.shape;
  const edges = (x: Value) => {
    const z = unitPixels(x);
    const all = matmul(z, z, { transB: true });
    return mul(reshape(all, [n * h * w, n, h * w]), x.graph.scalar(1 / temperature));
  };
  return divergence(edges(teacher), edges(student), 2);
}

/**
 * Mean over pixels, in nats, of KL(teacher || student) between the softmaxes of their cosines / temperature to all regions; features [n, c, h,
 * w] and regions [classes + 1, count, c].
 */
export function regionDistance(
  teacher: Value,
  student: Value,
  regions: Value,
  temperature: number,
): Value {
  const [classes, count, c] = regions.shape;
  const all = unit(reshape(regions, [classes * count, c]));
  const edges = (x: Value) =>
    mul(matmul(unitPixels(x), all, { transB: true }), x.graph.scalar(1 / temperature));
  return divergence(edges(teacher), edges(student), 1);
}

/**
 * A memory [classes + 1, count, c] after it took the regions of images, one after the other: mean features [n, c, h, w] of each class that is
 * there, at length 1; the oldest leave. One-hot labels.
 */
export function afterwards(memory: Value, features: Value, labels: Value): Value {
  const [classes, count, c] = memory.shape;
  const [n, , h, w] = labels.shape;
  const g = memory.graph;
  const means = unit(classMeans(unit(features, 1), labels));
  const sizes = reduceSum(reshape(labels, [n, classes, h * w]), [2]);
  let after = memory;
  for (let i = 0; i < n; i++) {
    const ofImage = (x: Value) => reshape(slice(x, [0], [i], [i + 1]), [classes, 1, x.shape[2]]);
    const pushed =
      count > 1 ? concat([ofImage(means), slice(after, [1], [0], [count - 1])], 1) : ofImage(means);
    after = where(greater(ofImage(sizes), g.scalar(0)), pushed, after);
  }
  return reshape(after, [classes, count, c]);
}

/** The regions of this batch's images and of those before it; random ones until there are enough, as in the authors' code. */
function remembered({ graph, images, labels, keep }: Seen, teacher: Value, count: number): Value {
  const memory = graph.parameter(
    'cirkd@regions',
    [labels.shape[1], count, teacher.shape[1]],
    { kind: 'normal', deviation: 1 },
    { trainable: false },
  );
  const after = afterwards(
    memory,
    firstRows(teacher, images),
    firstRows(labelsOn(labels, teacher), images),
  );
  keep(memory, after);
  return after;
}

/** Mean of KL(teacher || student) between the softmaxes over an axis. */
function divergence(teacher: Value, student: Value, axis: number): Value {
  const difference = sub(logSoftmax(teacher, axis), logSoftmax(student, axis));
  return meanAll(reduceSum(mul(softmax(teacher, axis), difference), [axis]));
}

/** Features of pixels at length 1: [n, c, h, w] -> [n h w, c]. */
function unitPixels(x: Value): Value {
  const [n, c, h, w] = x.shape;
  return unit(reshape(transpose(x, [0, 2, 3, 1]), [n * h * w, c]));
}
