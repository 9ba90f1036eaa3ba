import Type from 'typebox';
import { mul, sub } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { matmul } from '../graph/operators/matmul';
import { meanAll, reduceSum, sumAll } from '../graph/operators/reduction';
import { settings } from '../options';
import { attentionMap } from './at';
import { commonLevels, labelsOn, sumOf, teacherLogits, type Pair } from './features';
import { unit } from './gkd/vectors';
import { classMeans } from './ifvd';
import { softened } from './kd';
import { method, type Seen } from './method';
import {
  predictedInScope,
  scopeOption,
  viewsInScope,
  weighted,
  weightOption,
} from './shared-options';

const summary =
  "Efficient medical image segmentation by knowledge distillation (Qin et al., IEEE TMI 2021): the teacher's predictions, its importance maps, and how alike its regions are.";

const options = settings(
  {
    temperature: Type.Number({
      exclusiveMinimum: 0,
      default: 4,
      markdownDescription: "Logits are divided by it. 4 in the authors' code.",
    }),
    prediction: weightOption(0.1, "Weight alpha of the predictions. 0.1 in the authors' code."),
    importance: weightOption(0.9, "Weight of the importance maps. 0.9 in the authors' code."),
    region: weightOption(0.9, "Weight of the regions' affinity. 0.9 in the authors' code."),
    scope: scopeOption,
  },
  { markdownDescription: summary },
);

/**
 * EMKD: prediction maps, temperature^2 KL(teacher || student) per pixel; importance maps, the sum over pixels of (Q_T - Q_S)^2, where Q is
 * the mean over channels of F^4, scaled to length 1 over the image; region affinity, (c_T - c_S)^2, where c is the cosine between the mean
 * features of two classes [published, of two classes]. The last two at a low and a high level: the finest and the coarsest grid on which
 * both encoders have features; with more classes the mean over their pairs [our choices].
 */
export const emkd = method({
  name: 'emkd',
  title: 'EMKD',
  source: 'Qin et al., IEEE TMI 2021, arXiv 2108.09987',
  summary,
  formula:
    "α KL(T || S) + β Σ (q_T - q_S)² + γ mean (c_T - c_S)², q = mean over channels of F⁴, at length 1, c = cosine of two classes' means",
  options,
  before: [],
  views: viewsInScope,
  predicts: predictedInScope,
  byImage: () => true,
  terms: (seen, { temperature, prediction, importance, region }) =>
    weighted({
      prediction: {
        value: () => softened(teacherLogits(seen), seen.logits, temperature),
        weight: prediction,
        title: 'EMKD prediction maps',
        color: 2,
      },
      importance: {
        value: () => total(lowAndHigh(seen), (t, s) => importanceDistance(t, s)),
        weight: importance,
        title: 'EMKD importance maps',
        color: 3,
      },
      region: {
        value: () =>
          total(lowAndHigh(seen), (t, s) => affinityDistance(t, s, labelsOn(seen.labels, t))),
        weight: region,
        title: 'EMKD region affinity',
        color: 4,
      },
    }),
});

function lowAndHigh(seen: Seen): Pair[] {
  const levels = commonLevels(seen, 'emkd');
  return levels.length > 1 ? [levels[0], levels.at(-1)!] : levels;
}

const total = (levels: Pair[], distance: (teacher: Value, student: Value) => Value): Value =>
  sumOf(levels.map(({ teacher, student }) => distance(teacher, student)));

/** Mean over images of the squared distance of two importance maps, of features [n, channels of each, h, w]. */
export function importanceDistance(teacher: Value, student: Value): Value {
  const map = (x: Value) => {
    const squared = mul(x, x);
    return attentionMap(mul(squared, squared));
  };
  const difference = sub(map(teacher), map(student));
  return meanAll(reduceSum(mul(difference, difference), [1]));
}

/**
 * Mean over images and pairs of classes of the squared difference of the cosine between the classes' mean features [n, channels of each, h,
 * w]; one-hot labels. A class that an image lacks has cosine 0 in both networks.
 */
export function affinityDistance(teacher: Value, student: Value, labels: Value): Value {
  const [n, classes] = labels.shape;
  const affinities = (x: Value) => {
    const means = unit(classMeans(x, labels));
    return matmul(means, means, { transB: true });
  };
  const difference = sub(affinities(teacher), affinities(student));
  // Of classes that are there the cosine to themselves is 1 in both networks, so that only pairs are left, each of them twice.
  return mul(
    sumAll(mul(difference, difference)),
    teacher.graph.scalar(1 / (n * classes * (classes - 1))),
  );
}
