import type { RunCase, RunCases, RunDomain } from '../../engine/contract/viewer';
import type { CaseOrder } from './settings';

type Compared = Pick<RunCases, 'baseline' | 'networks'>;

/** Dice of the network that a run is about: the first distilled student, else the last network; null where it is undefined. */
export function diceOfCase(item: RunCase, { networks }: Pick<RunCases, 'networks'>): number | null {
  const judged = networks.find(({ role }) => role === 'student') ?? networks.at(-1);
  return (judged && item.dice[judged.name]) ?? null;
}

/** Dice of the first distilled student minus that of the student trained for as long without; null where one of them is undefined. */
export function gainOf(item: RunCase, { networks, baseline }: Compared): number | null {
  const distilled = networks.find(({ role }) => role === 'student');
  const student = (distilled && item.dice[distilled.name]) ?? null;
  const other = baseline === null ? null : (item.dice[baseline] ?? null);
  return student === null || other === null ? null : student - other;
}

/** The cases of a domain, the worst first, cases without a number last. */
export function orderedCases(
  { cases }: Pick<RunDomain, 'cases'>,
  order: CaseOrder,
  run: Compared,
): RunCase[] {
  if (order === 'name') return [...cases];
  const key = (item: RunCase) => (order === 'gain' ? gainOf(item, run) : diceOfCase(item, run));
  return cases
    .map((item, n) => ({ item, n, value: key(item) }))
    .sort((a, b) => (a.value ?? Infinity) - (b.value ?? Infinity) || a.n - b.n)
    .map(({ item }) => item);
}
