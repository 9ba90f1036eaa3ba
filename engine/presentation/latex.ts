import type { Table } from '../contract/table';
import { oneLine } from './plain-text';

/** What stands for something else in LaTeX's text, as text. */
const signs: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  '±': '$\\pm$',
  '−': '$-$',
  '…': '\\dots{}',
  ...Object.fromEntries([...'#$%&_{}'].map((sign) => [sign, `\\${sign}`])),
};

/** A text in one line within LaTeX, shown as it is. */
export const escapeLatex = (text: string, longest?: number): string =>
  oneLine(text, longest).replace(/[\\~^<>|"±−…#$%&_{}]/g, (sign) => signs[sign]);

/** Tables of the package booktabs, each in a float of its own, to be read in by `\input`. */
export const tablesLatex = (tables: readonly Table[], about: readonly string[] = []): string =>
  [
    '% Needs \\usepackage{booktabs} and \\usepackage[T1]{fontenc}.',
    ...about.map((line) => `% ${oneLine(line, longestNote)}`),
    ...tables.map(tableLatex),
  ].join('\n\n') + '\n';

const longestNote = 2000;

function tableLatex({ title, columns, rows, note }: Table): string {
  const line = (cells: readonly string[]) => `    ${cells.join(' & ')} \\\\`;
  return [
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${escapeLatex(title)}${note ? `. ${escapeLatex(note, longestNote)}` : ''}}`,
    `  \\begin{tabular}{${columns.map(({ numeric }) => (numeric ? 'r' : 'l')).join('')}}`,
    '    \\toprule',
    line(columns.map((column) => escapeLatex(column.title))),
    '    \\midrule',
    ...rows.map((row) =>
      line(
        row.map(({ text, best }, c) => {
          const shown = columns[c].numeric ? numericLatex(text) : escapeLatex(text);
          return best ? `\\textbf{${shown}}` : shown;
        }),
      ),
    ),
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
  ].join('\n');
}

/** With minus signs, and braces where a bracket would be taken for an option of the line's end before it. */
const numericLatex = (text: string): string =>
  escapeLatex(text)
    .replace(/(?<![\w.])-(?=\d)/g, '$-$')
    .replace(/^\[/, '{}[');
