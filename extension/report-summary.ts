import type { NetworkReport, Report } from '../engine/contract/report';

/** A report's key numbers on one domain. */
export interface DomainResult {
  domain: string;
  role: 'source' | 'target';
  dice: { teacher: number | null; warmup: number | null; student: number | null };
  /** What distillation gained over the student trained alone; null where either is undefined. */
  gain: number | null;
  /** Fréchet Semantic Distance from the source, of the distilled student; targets only. */
  fsd: number | null;
}

/** Key numbers by domain, targets first. */
export function summarizeReport(report: Report): DomainResult[] {
  const mean = (network?: NetworkReport) => network?.dice?.mean ?? null;
  return Object.entries(report.domains)
    .sort(([, a], [, b]) => Number(a.role === 'source') - Number(b.role === 'source'))
    .map(([domain, { role, networks }]) => {
      const dice = {
        teacher: mean(networks.teacher),
        warmup: mean(networks.warmup),
        student: mean(networks.student),
      };
      return {
        domain,
        role,
        dice,
        gain: dice.student === null || dice.warmup === null ? null : dice.student - dice.warmup,
        // Reports of other versions may lack parts.
        fsd: report.fsd?.sourceToTarget?.[domain]?.student?.value ?? null,
      };
    });
}

const shown = (value: number | null) => value?.toFixed(3) ?? '-';
const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;

/** `Dice on mr 0.412 (warm-up 0.302, teacher 0.551)`, domain by domain. */
export const describeReport = (report: Report): string =>
  summarizeReport(report)
    .map(
      ({ domain, dice }) =>
        `Dice on ${domain} ${shown(dice.student)} (warm-up ${shown(dice.warmup)}, teacher ${shown(dice.teacher)})`,
    )
    .join(', ');

/** `mr 0.412 (+0.110)`: for a line beside a name. */
export const describeResult = ({ domain, dice, gain }: DomainResult): string =>
  `${domain} ${shown(dice.student)}${gain === null ? '' : ` (${signed(gain)})`}`;
