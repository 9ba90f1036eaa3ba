import Type from 'typebox';
import { mul, sub } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { meanAll, reduceSum } from '../graph/operators/reduction';
import { reshape } from '../graph/operators/shape';
import { logSoftmax, softmax } from '../graph/operators/softmax';
import { settings } from '../options';
import { adapted, bottlenecks, teacherLogits } from './features';
import { method } from './method';
import {
  predictedInScope,
  scopeOption,
  viewsInScope,
  weighted,
  weightOption,
} from './shared-options';

const summary =
  "Channel-wise distillation (Shu et al., ICCV 2021): each channel of the student's logits and bottleneck is to be active where the teacher's is.";

const options = settings(
  {
    temperature: Type.Number({
      exclusiveMinimum: 0,
      default: 4,
      markdownDescription:
        "Activations are divided by it before the softmax over a channel. 4 in the authors' command.",
    }),
    logits: weightOption(3, "Weight of the term on the logits. 3 in the authors' command."),
    bottleneck: weightOption(
      50,
      'Weight of the term on the bottleneck. 50 in the comparison of CIRKD (Yang et al., CVPR 2022), there on the features before the classifier.',
    ),
    scope: scopeOption,
  },
  { markdownDescription: summary },
);

/**
 * Channel-wise distillation: where a channel is active, not how strongly. On the logits, and on the bottleneck, whose channels a
 * 1 x 1 convolution trained along brings from the student's to the teacher's [published].
 */
export const cwd = method({
  name: 'cwd',
  title: 'CWD',
  source: 'Shu et al., ICCV 2021, arXiv 2011.13256',
  summary,
  formula:
    'weight · τ² KL(T || S) of the softmax over the pixels of each channel, mean over channels',
  options,
  before: [],
  views: viewsInScope,
  predicts: predictedInScope,
  byImage: () => true,
  trains: ['cwd/'],
  terms: (seen, { temperature, logits, bottleneck }) =>
    weighted({
      logits: {
        value: () => channelDivergence(teacherLogits(seen), seen.logits, temperature),
        weight: logits,
        title: 'CWD logits',
        color: 2,
      },
      bottleneck: {
        value: () => {
          const pair = bottlenecks(seen, 'cwd');
          return channelDivergence(pair.teacher, adapted('cwd', 'channels', pair), temperature);
        },
        weight: bottleneck,
        title: 'CWD bottleneck',
        color: 3,
      },
    }),
});

/**
 * temperature^2 times the mean over images and channels of KL(teacher || student) between the softmaxes of activations [n, c, h, w] /
 * temperature over the pixels of a channel, in nats.
 */
export function channelDivergence(teacher: Value, student: Value, temperature: number): Value {
  const g = teacher.graph;
  const [n, c, h, w] = teacher.shape;
  const scaled = (x: Value) => reshape(mul(x, g.scalar(1 / temperature)), [n, c, h * w]);
  const [t, s] = [scaled(teacher), scaled(student)];
  const divergence = reduceSum(mul(softmax(t, 2), sub(logSoftmax(t, 2), logSoftmax(s, 2))), [2]);
  return mul(meanAll(divergence), g.scalar(temperature ** 2));
}
