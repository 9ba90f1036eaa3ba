import type { NetworkInfo } from '../contract/plan';
import type { Report } from '../contract/report';
import type { DomainResult } from '../contract/runs';
import { baselinesOf, ofRole, studentsOf } from './networks';

/** Key numbers by domain, targets first, and by student. */
export function summarizeReport(report: Report): DomainResult[] {
  const [teacher] = ofRole(report.networks, 'teacher');
  const [alone] = baselinesOf(report.networks);
  const students = studentsOf(report.networks);
  return Object.entries(report.domains)
    .sort(([, a], [, b]) => Number(a.role === 'source') - Number(b.role === 'source'))
    .flatMap(([domain, { role, networks }]) =>
      students.map((student) => {
        // Reports of other versions may lack parts.
        const mean = (network: NetworkInfo | undefined) =>
          (network && networks[network.name]?.dice?.mean) ?? null;
        const dice = { teacher: mean(teacher), warmup: mean(alone), student: mean(student) };
        return {
          domain,
          role,
          student: students.length > 1 ? student.title : null,
          dice,
          gain: dice.student === null || dice.warmup === null ? null : dice.student - dice.warmup,
          fsd: report.fsd?.sourceToTarget?.[domain]?.[student.name]?.value ?? null,
        };
      }),
    );
}

const shown = (value: number | null) => value?.toFixed(3) ?? '-';
const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
const named = ({ student }: DomainResult) => (student === null ? '' : ` of ${student}`);

/** `Dice on mr 0.412 (warm-up 0.302, teacher 0.551)`, domain by domain. */
export const describeResults = (results: readonly DomainResult[]): string =>
  results
    .map(
      (result) =>
        `Dice${named(result)} on ${result.domain} ${shown(result.dice.student)} (warm-up ${shown(result.dice.warmup)}, teacher ${shown(result.dice.teacher)})`,
    )
    .join(', ');

/** `mr 0.412 (+0.110)`: for a line beside a name. */
export const describeResult = ({ domain, student, dice, gain }: DomainResult): string =>
  `${domain}${student === null ? '' : `, ${student},`} ${shown(dice.student)}${gain === null ? '' : ` (${signed(gain)})`}`;
