import type { Cell, Table } from '../contract/table';
import { escapeMarkdown } from './plain-text';

export const textCell = (text: string): Cell => ({ text });

/** A number with so many decimals; `-` where there is none. */
export const numberCell = (value: number | null | undefined, digits: number): Cell =>
  value === null || value === undefined || Number.isNaN(value)
    ? { text: '-', value: null }
    : { text: value.toFixed(digits), value };

/** Marks the best of cells that are compared; none where fewer than two have a number, or where all are equal. */
export function markBest(cells: readonly Cell[], better: 'higher' | 'lower'): void {
  const numbers = cells.flatMap(({ value }) => (typeof value === 'number' ? [value] : []));
  if (numbers.length < 2 || numbers.every((v) => v === numbers[0])) return;
  const best = numbers.reduce((a, b) => (better === 'higher' ? Math.max(a, b) : Math.min(a, b)));
  for (const cell of cells) if (cell.value === best) cell.best = true;
}

/** CSV (RFC 4180) with a header line; numbers at full precision. Nothing that a spreadsheet would take for a formula. */
export function tableCsv({ columns, rows }: Table): string {
  const line = (fields: string[]) => `${fields.map(csvField).join(',')}\r\n`;
  return (
    line(columns.map(({ title }) => title)) +
    rows
      .map((row) =>
        line(
          row.map(({ text, value }) =>
            value === undefined ? text : value === null ? '' : String(value),
          ),
        ),
      )
      .join('')
  );
}

/** A field as CSV (RFC 4180), which no spreadsheet takes for a formula. */
export function csvField(text: string): string {
  const isFormula = /^(?:\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])/.test(text);
  const harmless = isFormula && !/^-?[\d.]+(e[+-]?\d+)?$/i.test(text) ? `'${text}` : text;
  // Some spreadsheets take other separators.
  return /[",;\t\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** Characters of each column; a table may have more rows than a call has arguments. */
const widthsOf = ([header, ...body]: readonly string[][]): number[] =>
  header.map((title, c) =>
    body.reduce((width, row) => Math.max(width, row[c]?.length ?? 0), Math.max(3, title.length)),
  );

/** Plain enough for a terminal, yet Markdown: all columns to the left, nothing in bold. */
export function tableText({ columns, rows }: Table): string {
  const lines = [
    columns.map(({ title }) => escapeMarkdown(title)),
    ...rows.map((row) => row.map(({ text }) => escapeMarkdown(text))),
  ];
  const widths = widthsOf(lines);
  const [header, ...body] = lines.map(
    (line) => `| ${line.map((text, c) => text.padEnd(widths[c])).join(' | ')} |`,
  );
  return [header, `| ${widths.map((w) => '-'.repeat(w)).join(' | ')} |`, ...body].join('\n');
}

/** Markdown (GitHub's), columns lined up; the best in bold. */
export function tableMarkdown({ columns, rows, note }: Table): string {
  const header = columns.map(({ title }) => escapeMarkdown(title));
  const body = rows.map((row) =>
    row.map(({ text, best }) => (best ? `**${escapeMarkdown(text)}**` : escapeMarkdown(text))),
  );
  const widths = widthsOf([header, ...body]);
  const line = (cells: string[]) =>
    `| ${cells.map((cell, c) => (columns[c].numeric ? cell.padStart(widths[c]) : cell.padEnd(widths[c]))).join(' | ')} |`;
  const rule = `| ${widths.map((w, c) => (columns[c].numeric ? `${'-'.repeat(w - 1)}:` : '-'.repeat(w))).join(' | ')} |`;
  return [
    line(header),
    rule,
    ...body.map(line),
    ...(note ? ['', escapeMarkdown(note, note.length)] : []),
  ].join('\n');
}
