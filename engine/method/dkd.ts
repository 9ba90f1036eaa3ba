import Type from 'typebox';
import { add, exp, mul, sub } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { meanAll, reduceSum } from '../graph/operators/reduction';
import { logSoftmax, softmax } from '../graph/operators/softmax';
import { settings } from '../options';
import { method } from './method';
import { firstRows } from './rows';
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
  'Decoupled knowledge distillation (Zhao et al., CVPR 2022), pixel by pixel: how sure the teacher is of the true class, and apart from it how it ranks the others.';

const options = settings(
  {
    temperature: Type.Number({
      exclusiveMinimum: 0,
      default: 4,
      markdownDescription: "Logits are divided by it. 4 in the authors' code for CIFAR-100.",
    }),
    target: weightOption(1, "Weight alpha of the true class. 1 in the authors' code."),
    nonTarget: weightOption(
      8,
      "Weight beta of the other classes among themselves. 8 in the authors' code for CIFAR-100. With one foreground class there is but one other class, and no such term.",
    ),
    scope: scopeOption,
    targets: targetsOption,
  },
  { markdownDescription: summary },
);

/**
 * Decoupled knowledge distillation: alpha TCKD + beta NCKD, both temperature^2 KL(teacher || student), of the true class against the rest
 * and of the rest within itself [published, for whole images]; per pixel, mean over pixels [our choice]. Of two classes NCKD is 0: it is
 * then left out, and TCKD is KD.
 */
export const dkd = method({
  name: 'dkd',
  title: 'DKD',
  source: 'Zhao et al., CVPR 2022, arXiv 2203.08679',
  summary,
  formula: 'τ² (α KL of the true class against the rest + β KL within the rest), mean over pixels',
  options,
  before: [],
  views: viewsInScope,
  predicts: predictedInScope,
  softLabels: softLabelsByTargets,
  byImage: () => true,
  terms(seen, { temperature, target, nonTarget, targets }) {
    const labels = firstRows(seen.labels, seen.logits.shape[0]);
    const parts = () =>
      decoupled(targetLogits(seen, { targets }), seen.logits, labels, temperature);
    return weighted({
      target: { value: () => parts().target, weight: target, title: 'DKD true class', color: 2 },
      nonTarget: {
        value: () => parts().nonTarget,
        weight: labels.shape[1] > 2 ? nonTarget : 0,
        title: 'DKD other classes',
        color: 3,
      },
    });
  },
});

/** What takes a class out of a softmax: exp of minus it is 0 in float32. */
const excluded = 1000;

/**
 * temperature^2 KL(teacher || student), mean over pixels, in nats: `target` of the true class against all others, `nonTarget` of the others
 * among themselves. Logits and one-hot labels [n, classes + 1, h, w].
 */
export function decoupled(
  teacher: Value,
  student: Value,
  labels: Value,
  temperature: number,
): { target: Value; nonTarget: Value } {
  const g = teacher.graph;
  const parts = (logits: Value) => {
    const scaled = mul(logits, g.scalar(1 / temperature));
    const all = logSoftmax(scaled, 1);
    const others = sub(scaled, mul(labels, g.scalar(excluded)));
    const [share, logShare] = [softmax(others, 1), logSoftmax(others, 1)];
    return {
      target: reduceSum(mul(labels, all), [1]),
      // log (1 - p) is, for every other class, its log probability less that among the others: their mean, as each is 0 / 0 somewhere.
      rest: reduceSum(mul(share, sub(all, logShare)), [1]),
      share,
      logShare,
    };
  };
  const [t, s] = [parts(teacher), parts(student)];
  const divergence = add(
    mul(exp(t.target), sub(t.target, s.target)),
    mul(exp(t.rest), sub(t.rest, s.rest)),
  );
  const amongOthers = reduceSum(mul(t.share, sub(t.logShare, s.logShare)), [1]);
  const mean = (x: Value) => mul(meanAll(x), g.scalar(temperature ** 2));
  return { target: mean(divergence), nonTarget: mean(amongOthers) };
}
