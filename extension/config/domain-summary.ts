import type { DomainSurvey } from '../../engine/contract/cohort';
import { escapeMarkdown } from '../../engine/presentation/plain-text';

/** A domain in a few lines of Markdown, names escaped: cases, sizes, spacings, intensities, classes. */
export function describeDomain(name: string, survey: DomainSurvey): string[] {
  const { cases, files, slices, read, sizes, spacings, kinds, range, classes } = survey;
  const splits = ['train', 'validation', 'test'] as const;
  const counts = splits
    .map((split) => [split, cases.filter((item) => item.split === split).length] as const)
    .filter(([, count]) => count > 0)
    .map(([split, count]) => `${count} ${split}`);
  const part = read < cases.length ? ` (of ${read} of ${cases.length} cases)` : '';
  const head = `**${escapeMarkdown(name)}** (${survey.role}): ${plural(cases.length, 'case')}${
    counts.length > 1 ? ` (${counts.join(', ')})` : ''
  }, ${plural(files, 'file')}`;
  if (read === 0) return [head];
  const size = [
    plural(slices, 'slice') + part,
    mostFrequent(sizes),
    ...(spacings.length > 0 ? [`voxels ${mostFrequent(spacings)} mm`] : []),
  ];
  const intensities = range ? `, intensities ${rounded(range[0])} to ${rounded(range[1])}` : '';
  return [
    head,
    size.join(', '),
    escapeMarkdown(kinds.join(', ')) + intensities,
    ...classes.map(
      (item) =>
        `${escapeMarkdown(item.name)}: ${percent(item.share)} of all pixels, in ${item.cases} of ${plural(read, 'case')}`,
    ),
  ];
}

const plural = (count: number, noun: string) =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
const rounded = (value: number) => Number(value.toPrecision(4)).toLocaleString('en');
const percent = (share: number) =>
  `${share === 0 ? '0' : Number((100 * share).toPrecision(3)).toString()}%`;

/** Up to three with how many cases have them; of more, the range along each axis. */
function mostFrequent(counts: [string, number][]): string {
  if (counts.length === 1) return counts[0][0];
  if (counts.length <= 3) return counts.map(([text, count]) => `${text} (${count})`).join(', ');
  const axes = counts.map(([text]) => text.split(' x ').map(Number));
  return Array.from({ length: Math.max(...axes.map((sizes) => sizes.length)) }, (_, axis) => {
    // A case of one slice states no third size.
    const sizes = axes.map((all) => all[axis] ?? 1);
    const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
    return low === high ? `${low}` : `${low}–${high}`;
  }).join(' x ');
}
