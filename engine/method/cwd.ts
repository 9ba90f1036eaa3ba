import Type from 'typebox';
import { UserError } from '../errors';
import { mul, sub } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { averagePool } from '../graph/operators/pooling';
import { meanAll, reduceSum } from '../graph/operators/reduction';
import { reshape } from '../graph/operators/shape';
import { logSoftmax, softmax } from '../graph/operators/softmax';
import { Layers } from '../networks/layers';
import { settings } from '../options';
import { scopeOption } from './compared-on';
import type { Term } from '../training/stage';
import { method, type Seen } from './method';
import { firstEncodings } from './rows';

const summary =
  "Channel-wise distillation (Shu et al., ICCV 2021): each channel of the student's logits and bottleneck is to be active where the teacher's is.";

const options = settings(
  {
    temperature: Type.Number({
      exclusiveMinimum: 0,
      default: 4,
      markdownDescription:
        'Activations are divided by it before the softmax over a channel. **Our choice.** ',
    }),
    logits: Type.Number({
      minimum: 0,
      default: 3,
      markdownDescription: 'Weight of the term on the logits. **Our choice.** ',
    }),
    bottleneck: Type.Number({
      minimum: 0,
      default: 50,
      markdownDescription: 'Weight of the term on the bottleneck. **Our choice.** ',
    }),
    scope: scopeOption,
  },
  { markdownDescription: summary },
);

/**
 * Channel-wise distillation: where a channel is active, not how strongly. On the logits, and on the bottleneck, whose channels a
 * 1 x 1 convolution trained along brings from the student's to the teacher's [published]; where the bottlenecks' grids differ, the finer
 * one is averaged to the coarser [our choice].
 */
export const cwd = method({
  name: 'cwd',
  title: 'CWD',
  source: 'Shu et al., ICCV 2021, arXiv 2011.13256',
  summary,
  options,
  before: [],
  views: ({ scope }, allowed) => (scope === 'views' ? allowed : 0),
  predicts: ({ scope }) => (scope === 'views' ? 'views' : 'images'),
  byImage: () => true,
  trains: ['cwd/'],
  terms(seen, o) {
    const { teacher, logits } = seen;
    const terms: Record<string, Term> = {};
    if (o.logits > 0) {
      const taught = teacher.network.decode(firstEncodings(teacher.encoding, logits.shape[0]));
      terms['logits'] = {
        value: channelDivergence(taught, logits, o.temperature),
        weight: o.logits,
        title: 'CWD logits',
        color: 2,
      };
    }
    if (o.bottleneck > 0)
      terms['bottleneck'] = {
        value: channelDivergence(...bottlenecks(seen), o.temperature),
        weight: o.bottleneck,
        title: 'CWD bottleneck',
        color: 3,
      };
    return terms;
  },
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

/** Both bottlenecks with the teacher's channels on the coarser of their grids. @throws UserError for grids of which none divides the other */
function bottlenecks({ graph, teacher, student }: Seen): [teacher: Value, student: Value] {
  const [t, s] = [teacher.encoding.bottleneck, student.encoding.bottleneck];
  const mapped = graph.scope('cwd', () =>
    new Layers(graph, false).conv('channels', s, t.shape[1], { kernel: 1, bias: true }),
  );
  const coarsened = (x: Value, like: Value): Value => {
    const factor = x.shape[2] / like.shape[2];
    if (factor <= 1) return x;
    if (!Number.isInteger(factor) || x.shape[3] !== factor * like.shape[3])
      throw new UserError(
        `methods: cwd compares bottlenecks, but the teacher's is ${t.shape[2]} x ${t.shape[3]} and the student's ${s.shape[2]} x ${s.shape[3]}, of which none is a multiple of the other; set its "bottleneck" to 0.`,
      );
    return averagePool(x, factor);
  };
  return [coarsened(t, mapped), coarsened(mapped, t)];
}
