import { mul, sub } from '../graph/operators/elementwise';
import type { Value } from '../graph/graph';
import { matmul } from '../graph/operators/matmul';
import { meanAll, reduceSum } from '../graph/operators/reduction';
import { reshape } from '../graph/operators/shape';
import { settings } from '../options';
import {
  adapted,
  commonLevels,
  maximaOn,
  meanOf,
  meanSquare,
  successive,
  type Pair,
} from './features';
import { unit } from './gkd/vectors';
import { method, type Seen } from './method';
import { scopeOption, viewsInScope, weighted, weightOption } from './shared-options';

const summary =
  "Graph flow (after Zou et al., IEEE TMI 2022), adapted: where channels are salient, and how that goes on from one level of the encoder to the next, is to be as in the teacher. Their loss's code was not published.";

const options = settings(
  {
    vertices: weightOption(1, 'Weight of the vertices: salience of channels. **Our choice.** '),
    edges: weightOption(1, 'Weight of the edges: its flow between levels. **Our choice.** '),
    scope: scopeOption,
  },
  { markdownDescription: summary },
);

/**
 * Graph flow, adapted: a channel's salience is its features scaled to length 1 over the image. Vertices of the variation graph are the
 * channels of two successive levels, compared by |q_T - q_S|^2; its edges the cosines of every channel of one level to every one of the
 * next, by mean (e_T - e_S)^2. Published are the words "variation graph which is employed to measure the flow of channel-wise salience
 * features between different layers" and that vertices and edges have a term each; these forms, the levels (all grids on which both
 * encoders have features) and the pooling of the finer one to its maxima are our choice. The paraphraser, which gives the teacher the
 * student's channels, is replaced by 1 x 1 convolutions trained along that give the student the teacher's. The paper's logits are `kd`, to
 * be named beside it; its adversarial part is left out.
 */
export const graphFlow = method({
  name: 'graph-flow',
  title: 'Graph flow, adapted',
  source: 'after Zou et al., IEEE TMI 2022, doi 10.1109/tmi.2022.3224459',
  summary,
  formula:
    'μ mean |q_T - q_S|² + ν mean (e_T - e_S)², q = a channel at length 1, e = cosines of channels of successive levels',
  options,
  before: [],
  views: viewsInScope,
  predicts: () => 'images',
  byImage: () => true,
  trains: ['graph-flow/'],
  terms: (seen, { vertices, edges }) =>
    weighted({
      vertices: {
        value: () =>
          meanOf(levels(seen).map(({ teacher, student }) => vertexDistance(teacher, student))),
        weight: vertices,
        title: 'Graph flow vertices, adapted',
        color: 2,
      },
      edges: {
        value: () =>
          meanOf(
            successive(levels(seen), (fine, coarse) =>
              meanSquare(
                flowEdges(fine.teacher, coarse.teacher),
                flowEdges(fine.student, coarse.student),
              ),
            ),
          ),
        weight: edges,
        title: 'Graph flow edges, adapted',
        color: 3,
      },
    }),
});

const levels = (seen: Seen): Pair[] =>
  commonLevels(seen, 'graph-flow', 2).map((pair, i) => ({
    teacher: pair.teacher,
    student: adapted('graph-flow', `channels${i}`, pair),
  }));

/** Mean over images and channels of the squared distance of their salience; features [n, c, h, w]. */
export function vertexDistance(teacher: Value, student: Value): Value {
  const difference = sub(salience(teacher), salience(student));
  return meanAll(reduceSum(mul(difference, difference), [2]));
}

/** The cosines of the salience of every channel of a level to every one of the next, [n, a, k h, k w] and [n, b, h, w] -> [n, a, b]. */
export const flowEdges = (fine: Value, coarse: Value): Value =>
  matmul(salience(maximaOn(coarse, fine)), salience(coarse), { transB: true });

/** [n, c, h, w] -> [n, c, h w] */
function salience(x: Value): Value {
  const [n, c, h, w] = x.shape;
  return unit(reshape(x, [n, c, h * w]));
}
