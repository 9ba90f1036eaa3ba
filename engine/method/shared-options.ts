/** Options that several methods have, and what follows from them. */
import Type from 'typebox';
import type { Value } from '../graph/graph';
import { choice } from '../options';
import type { Term } from '../training/stage';

/** What the networks are compared on, for methods that compare predictions or features. */
export const scopeOption = choice(
  {
    views: 'The images and all their augmented views.',
    image: 'The images of a batch.',
  },
  { markdownDescription: 'What the networks are compared on.', default: 'views' },
);

type Scoped = { scope: 'views' | 'image' };

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
