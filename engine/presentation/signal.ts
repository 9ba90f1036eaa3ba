import type { PairedComparison } from '../contract/metrics';
import type { NetworkInfo } from '../contract/plan';
import type { Signal, VectorExchange } from '../contract/signal';
import type { Cell, Table } from '../contract/table';
import { numberCell, textCell } from './table';

/** What the vectors carry, a column a student: beside each figure what it is held against. Null where nothing was measured. */
export function signalTable(
  networks: readonly NetworkInfo[],
  signals: ReadonlyMap<string, Signal>,
): Table | null {
  const measured = networks.filter(({ name }) => signals.has(name));
  if (!measured.length) return null;
  const row = (title: string, good: string, of: (signal: Signal) => number, digits = 3): Cell[] => [
    textCell(title),
    ...measured.map(({ name }) => numberCell(of(signals.get(name)!), digits)),
    textCell(good),
  ];
  const exchange = (title: string, of: (signal: Signal) => VectorExchange): Cell[][] => [
    row(`${title}, own vector`, 'below those of other vectors', (s) => of(s).own, 4),
    row(`${title}, another image's`, '', (s) => of(s).other, 4),
    row(`${title}, the mean vector`, '', (s) => of(s).mean, 4),
    row(`${title}, chance of own below another's`, 'below 0.05', (s) => of(s).p),
  ];
  const { images, views } = signals.get(measured[0].name)!;
  return {
    title: 'Signal: what the vectors carry',
    columns: [
      { title: "On the source's validation images" },
      ...measured.map(({ title }) => ({ title, numeric: true })),
      { title: 'Good' },
    ],
    rows: [
      row('Cosine to the teacher, same view', 'far above other images', (s) => s.cosine.sameView),
      row('Cosine, same image, other view', 'above other images', (s) => s.cosine.sameImage),
      row('Cosine, other images', 'near 0', (s) => s.cosine.otherImage),
      row('Finds its own image', 'far above chance', (s) => s.retrieval.share),
      row('Finds its own image by chance', '', (s) => s.retrieval.chance),
      ...(['intra', 'inter'] as const).flatMap((graph) => [
        row(
          `Entropy of ${graph}-coupling rows, teacher`,
          'below 0.98 of uniform',
          (s) => s.entropy[graph].teacher,
        ),
        row(
          `Entropy of ${graph}-coupling rows, student`,
          "near the teacher's",
          (s) => s.entropy[graph].student,
        ),
      ]),
      row('Spread of the vectors, teacher', '', (s) => s.spread.teacher),
      row('Spread of the vectors, student', 'no collapse towards 0', (s) => s.spread.student),
      ...exchange('DICD student → teacher', (s) => s.exchange.studentToTeacher),
      ...exchange('DICD teacher → student', (s) => s.exchange.teacherToStudent),
    ],
    note: `${images} images with ${views} views each; cosines of vectors less their mean, divergences in nats a pixel.`,
  };
}

/** What distillation can gain at most at home, in one sentence. */
export function gapSentence({ mean, ci, n }: PairedComparison): string {
  if (mean === null) return 'The gap between teacher and student at home is undefined: no Dice.';
  const interval = ci ? ` [${ci.map((v) => v.toFixed(3)).join(', ')}]` : '';
  const cases = `${n} ${n === 1 ? 'case' : 'cases'}`;
  return `Teacher minus the student trained alone: Dice ${mean.toFixed(3)}${interval} on the source's validation cases (n = ${n === 0 ? 'none' : cases}).`;
}

/** What is to be said where no gap is shown; null where there is one. */
export function gapWarning(difference: PairedComparison): string | null {
  const { mean, ci, n } = difference;
  if (mean === null || (mean > 0 && (ci === null || ci[0] > 0))) return null;
  return `${gapSentence(difference)} No gap is shown${n < 5 ? ', on few cases' : ''}: distillation can hardly gain anything. A longer or larger teacher, or a smaller student, would make one.`;
}
