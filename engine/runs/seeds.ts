import { UserError } from '../errors';

/** More are no comparison but a mistake. */
const mostSeeds = 1000;
const largestSeed = 2 ** 31 - 1;

/** Seeds from a text such as `3`, `0,2,5`, `0..4` or `0..2,7`, each once, in order. @throws UserError */
export function parseSeeds(text: string): number[] {
  const seeds = new Set<number>();
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,10})(?:\.\.(\d{1,10}))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || to < from || to > largestSeed || to - from >= mostSeeds)
      throw new UserError(
        `"${part.trim()}" is none of the forms of seeds: 3, 0,2,5 or 0..4, from small to large, at most ${mostSeeds} of them.`,
      );
    for (let seed = from; seed <= to; seed++) seeds.add(seed);
  }
  if (seeds.size > mostSeeds)
    throw new UserError(`There are ${seeds.size} seeds; at most ${mostSeeds} are compared.`);
  return [...seeds].sort((a, b) => a - b);
}
