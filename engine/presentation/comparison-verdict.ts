import type { ComparedDifference, Comparison } from '../contract/comparison';
import type { NetworkInfo } from '../contract/plan';
import { fewestForInterval } from '../metrics/student-t';
import { judgedBy } from './comparison';
import { studentsOf } from './networks';

/**
 * What is shown of a method against the control: a higher Dice on every target, on some, on none; a lower one on some and a higher one
 * nowhere; or nothing, for want of seeds or of numbers.
 */
export type Finding = 'everywhere' | 'somewhere' | 'nowhere' | 'harm' | 'few seeds' | 'undefined';

export interface Verdict {
  student: string;
  finding: Finding;
  /** One sentence or few for a person. */
  sentence: string;
}

/**
 * What a comparison shows, a verdict for each distilled student. A difference is shown where p with Holm's correction, over seeds and over
 * seeds and cases, is below 1 - confidence; from that nothing is concluded of fewer than three seeds.
 */
export const verdictsOf = (comparison: Comparison): Verdict[] =>
  studentsOf(comparison.networks).map((student) => ({
    student: student.name,
    ...verdictOn(comparison, student),
  }));

function verdictOn(comparison: Comparison, student: NetworkInfo): Omit<Verdict, 'student'> {
  const { control, differences, domains, confidence } = comparison;
  if (!control)
    return {
      finding: 'undefined',
      sentence: `"${student.title}": there is no undistilled student to hold it against, so nothing can be said.`,
    };
  const against = `"${student.title}" against "${control.title}"`;
  const targets = domains.filter(({ role }) => role === 'target');
  // Without targets, what there is.
  const judged = targets.length > 0 ? targets : domains;
  const place = targets.length > 0 ? 'target' : 'domain';
  const of = (domain: string) =>
    differences.find(
      (d) => d.metric === judgedBy && d.student === student.name && d.domain === domain,
    );
  const found = judged.flatMap(({ name }) => of(name) ?? []);
  if (found.length === 0)
    return {
      finding: 'undefined',
      sentence: `${against}: Dice is undefined, so nothing can be said.`,
    };
  const home = domains
    .filter((domain) => !judged.includes(domain))
    .flatMap(({ name }) => of(name) ?? []);
  const lacking = judged.filter(({ name }) => !of(name)).map(({ name }) => name);
  const without = lacking.length > 0 ? ` On ${listed(lacking)} Dice is undefined.` : '';
  const seeds = Math.max(...found.map(({ overSeeds }) => overSeeds.n));
  if (seeds < fewestForInterval)
    return {
      finding: 'few seeds',
      sentence: `${against}, ${seeds === 1 ? 'one seed' : `${seeds} seeds`}: Dice differs by ${listed([...found, ...home].map(told))}.${without} ${
        seeds === 1
          ? 'p is over the cases of one training and does not contain the noise of training, so nothing is shown'
          : `Of two seeds there is no interval, so nothing is shown`
      }: it takes ${fewestForInterval} seeds.`,
    };
  const isShown = ({ adjusted }: ComparedDifference) =>
    adjusted !== null && adjusted < 1 - confidence;
  const higher = found.filter((d) => isShown(d) && d.overSeeds.mean! > 0);
  const lower = found.filter((d) => isShown(d) && d.overSeeds.mean! < 0);
  const open = found.filter((d) => !higher.includes(d) && !lower.includes(d));
  const isEverywhere = higher.length === judged.length;
  const each = judged.length === 1 ? `the ${place}` : `every ${place}`;
  const clauses = [
    ...(higher.length > 0
      ? [
          `is higher on ${isEverywhere ? each : `${higher.length} of ${judged.length} ${place}s`} (${listed(higher.map(told))})`,
        ]
      : []),
    ...(lower.length > 0
      ? [
          `is lower on ${lower.length === judged.length ? each : `${lower.length} of ${judged.length} ${place}s`} (${listed(lower.map(told))})`,
        ]
      : []),
    ...(open.length > 0
      ? [
          `is not shown to differ on ${open.length === judged.length ? (judged.length === 1 ? `the ${place}` : `any ${place}`) : 'the rest'} (${listed(open.map(told))})`,
        ]
      : []),
  ];
  const finding: Finding = isEverywhere
    ? 'everywhere'
    : higher.length > 0
      ? 'somewhere'
      : lower.length > 0
        ? 'harm'
        : 'nowhere';
  const few = [...found, ...home].filter(({ cases }) => cases !== null && cases < 2);
  return {
    finding,
    sentence:
      `${against}, ${seeds} seeds: Dice ${clauses.join(', ')}.${without}` +
      home.map((d) => ` ${homeSentence(d, isShown(d))}`).join('') +
      (few.length > 0
        ? ` Of a single case (${listed(few.map(({ domain }) => domain))}) nothing is shown for others.`
        : ''),
  };
}

const homeSentence = (d: ComparedDifference, isShown: boolean): string =>
  isShown
    ? d.overSeeds.mean! < 0
      ? `The price at home: lower on ${told(d)}.`
      : `At home it is higher too: ${told(d)}.`
    : `At home no difference is shown: ${told(d)}.`;

/** `mr +0.062 [+0.021, +0.103], p = 0.012`. */
function told({ domain, overSeeds, overCases, adjusted, p }: ComparedDifference): string {
  const { mean, ci } = overSeeds;
  const shown = ci ?? overCases?.ci;
  const value = adjusted ?? p;
  // Of one method there is nothing to be adjusted for.
  const what = value === p ? 'p' : 'adjusted p';
  return [
    `${domain} ${signed(mean!)}${shown ? ` [${shown.map(signed).join(', ')}]` : ''}`,
    ...(value === null ? [] : [`${what} ${value < 0.001 ? '< 0.001' : `= ${value.toFixed(3)}`}`]),
  ].join(', ');
}

/** What rounds to 0 has no sign. */
const signed = (value: number): string =>
  Math.abs(value) < 0.0005 ? '0.000' : `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;

const listed = (parts: readonly string[]): string => parts.join('; ');
