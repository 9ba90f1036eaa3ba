import type { RunCase, RunCases, RunDomain } from '../../engine/contract/viewer';
import type { CaseOrder } from './settings';

/** Dice of the distilled student minus that of the student trained for as long without; null where one of them is undefined. */
export function gainOf(item: RunCase, baseline: string | null): number | null {
  const student = item.dice.student ?? null;
  const other = baseline === null ? null : (item.dice[baseline] ?? null);
  return student === null || other === null ? null : student - other;
}

/** The cases of a domain, the worst first, cases without a number last. */
export function orderedCases(
  domain: Pick<RunDomain, 'cases'>,
  order: CaseOrder,
  { baseline, networks }: Pick<RunCases, 'baseline' | 'networks'>,
): RunCase[] {
  if (order === 'name') return [...domain.cases];
  const judged = networks.some(({ name }) => name === 'student')
    ? 'student'
    : networks.at(-1)?.name;
  const key = (item: RunCase) =>
    order === 'gain' ? gainOf(item, baseline) : judged ? (item.dice[judged] ?? null) : null;
  return [...domain.cases]
    .map((item, n) => ({ item, n, value: key(item) }))
    .sort((a, b) => (a.value ?? Infinity) - (b.value ?? Infinity) || a.n - b.n)
    .map(({ item }) => item);
}
