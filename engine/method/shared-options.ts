/** Options that several methods have, and what follows from them. */
import Type from 'typebox';
import type { Value } from '../graph/graph';
import { add, log } from '../graph/operators/elementwise';
import { choice } from '../options';
import type { Term } from '../training/stage';
import { teacherLogits } from './features';
import type { Seen } from './method';
import { firstRows } from './rows';

/** What the networks are compared on, for methods that compare predictions or features. */
export const scopeOption = choice(
  {
    views: 'The images and all their augmented views.',
    image: 'The images of a batch.',
  },
  { markdownDescription: 'What the networks are compared on.', default: 'views' },
);

type Scoped = { scope: 'views' | 'image' };

/** Where the teacher's predictions come from, for methods that compare nothing else. */
export const targetsOption = choice(
  {
    live: 'At every step the teacher predicts what the student sees.',
    precomputed:
      'Soft labels: the teacher predicts each training slice once, before the stage, as it is; its class probabilities are then moved with the slice as labels are, however its look is changed. A step takes no pass through the teacher. **Our choice** where time counts.',
  },
  { markdownDescription: "Where the teacher's predictions come from.", default: 'live' },
);

type Targets = { targets: 'live' | 'precomputed' };

/** Of a method with that option, whether it takes soft labels. */
export const softLabelsByTargets = <O extends Targets>({ targets }: O): boolean =>
  targets === 'precomputed';

/** Of a method with that option, the teacher's logits on the rows on which the student predicts, [rows, classes + 1, h, w]. */
export const targetLogits = (seen: Seen, { targets }: Targets): Value =>
  targets === 'precomputed'
    ? log(
        add(firstRows(seen.softLabels, seen.logits.shape[0]), seen.graph.scalar(leastProbability)),
      )
    : teacherLogits(seen);

/** A probability of 0 has no logarithm; float16 ends about there. */
const leastProbability = 1e-6;

/** Of a method with that option, how many views it sees. */
export const viewsInScope = <O extends Scoped>({ scope }: O, allowed: number): number =>
  scope === 'views' ? allowed : 0;

/** Of a method with that option that compares predictions, what the student's is taken of. */
export const predictedInScope = <O extends Scoped>({ scope }: O): 'images' | 'views' =>
  scope === 'views' ? 'views' : 'images';

/** The weight of a term beside the supervised loss; 0 leaves it out. */
export const weightOption = (value: number, markdownDescription: string) =>
  Type.Number({ minimum: 0, default: value, markdownDescription });

/** The terms that have a weight; the others are not built. */
export const weighted = (
  terms: Record<string, Omit<Term, 'value'> & { value: () => Value }>,
): Record<string, Term> =>
  Object.fromEntries(
    Object.entries(terms).flatMap(([name, { value, ...term }]) =>
      term.weight > 0 ? [[name, { value: value(), ...term }]] : [],
    ),
  );
