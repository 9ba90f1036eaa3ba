/** What methods compare of both networks, predictions and features at the same place, and how. */
import { UserError } from '../errors';
import type { Value } from '../graph/graph';
import { add, mul, sub } from '../graph/operators/elementwise';
import { averagePool, maxPool } from '../graph/operators/pooling';
import { meanAll } from '../graph/operators/reduction';
import { slice } from '../graph/operators/shape';
import { Layers } from '../networks/layers';
import type { Seen, SeenNetwork } from './method';
import { firstEncodings } from './rows';

/** The teacher's logits on the rows on which the student predicts, [rows, classes + 1, h, w]. */
export const teacherLogits = ({ teacher, logits }: Seen): Value =>
  teacher.network.decode(firstEncodings(teacher.encoding, logits.shape[0]));

/** Features of both networks, [rows, channels of each, h, w]. */
export interface Pair {
  teacher: Value;
  student: Value;
}

/**
 * Features of the encoders on every grid that both have, from the finest to the coarsest: what the decoders take, and the bottlenecks; of
 * several on one grid the last.
 * @throws UserError for fewer than `atLeast`
 */
export function commonLevels(seen: Seen, method: string, atLeast = 1): Pair[] {
  const [teachers, students] = [byGrid(seen.teacher), byGrid(seen.student)];
  const pairs = [...teachers].flatMap(([grid, teacher]): Pair[] => {
    const student = students.get(grid);
    return student ? [{ teacher, student }] : [];
  });
  if (pairs.length < atLeast)
    throw new UserError(
      `methods: ${method} needs features on ${atLeast === 1 ? 'a grid' : `${atLeast} grids`} that both networks have, but the teacher's are on ${[...teachers.keys()].join(', ')}, the student's on ${[...students.keys()].join(', ')}; choose networks of like depth.`,
    );
  return pairs;
}

const byGrid = ({ encoding: { skips, bottleneck } }: SeenNetwork): Map<string, Value> =>
  new Map([...skips, bottleneck].map((x) => [x.shape.slice(2).join(' x '), x]));

/**
 * Both bottlenecks on the coarser of their grids, to which the finer one is averaged [our choice].
 * @throws UserError for grids of which none is a multiple of the other
 */
export function bottlenecks({ teacher, student }: Seen, method: string): Pair {
  const [t, s] = [teacher.encoding.bottleneck, student.encoding.bottleneck];
  return { teacher: onGridOf(s, t, method), student: onGridOf(t, s, method) };
}

/** x averaged to the grid of `like` where that is coarser. */
function onGridOf(like: Value, x: Value, method: string): Value {
  const factor = x.shape[2] / like.shape[2];
  if (factor <= 1) return x;
  if (!Number.isInteger(factor) || x.shape[3] !== factor * like.shape[3])
    throw new UserError(
      `methods: ${method} compares bottlenecks, but one is ${x.shape[2]} x ${x.shape[3]} and the other ${like.shape[2]} x ${like.shape[3]}, of which none is a multiple of the other; choose networks of like depth, or leave the bottleneck out of it.`,
    );
  return averagePool(x, factor);
}

/** The student's features with the teacher's channels, by a 1 x 1 convolution that is trained along under `METHOD/name`. */
export const adapted = (method: string, name: string, { teacher, student }: Pair): Value =>
  student.graph.scope(method, () =>
    new Layers(student.graph, false).conv(name, student, teacher.shape[1], {
      kernel: 1,
      bias: true,
    }),
  );

/** Features on the grid of coarser ones, by the maxima of windows. */
export const maximaOn = (coarse: Value, fine: Value): Value =>
  fine.shape[2] > coarse.shape[2] ? maxPool(fine, fine.shape[2] / coarse.shape[2]) : fine;

/** Labels [rows, classes + 1, H, W] on the grid of features [rows, channels, h, w]: the nearest ones, as PyTorch takes them. */
export function labelsOn(labels: Value, { shape: [, , h, w] }: Value): Value {
  const [, , rows, columns] = labels.shape;
  return slice(labels, [2, 3], [0, 0], [rows, columns], [rows / h, columns / w]);
}

/** The mean over all elements of the squared difference of two tensors of one shape. */
export function meanSquare(a: Value, b: Value): Value {
  const difference = sub(a, b);
  return meanAll(mul(difference, difference));
}

export const sumOf = (values: readonly Value[]): Value => values.reduce((a, b) => add(a, b));

export const meanOf = (values: readonly Value[]): Value =>
  mul(sumOf(values), values[0].graph.scalar(1 / values.length));

/** What every two neighbours of a list give. */
export const successive = <T, R>(list: readonly T[], of: (fine: T, coarse: T) => R): R[] =>
  list.slice(1).map((coarse, i) => of(list[i], coarse));
