import type { Table } from '../contract/table';
import { mix } from '../presentation/palette';
import { escapeXml, inkFor } from '../presentation/svg';

export const ink = inkFor('light');

/** One HTML file that needs nothing else: no script, no style sheet, no picture from elsewhere. `body` is HTML, `title` is text. */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeXml(title)} - MedDistill</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeXml(title)}</h1>
${body}
</body>
</html>
`;

/** Names with their values. */
export const factsHtml = (facts: readonly (readonly [name: string, value: string])[]): string =>
  `<dl>
${facts.map(([fact, value]) => `<dt>${escapeXml(fact)}</dt><dd>${escapeXml(value)}</dd>`).join('\n')}
</dl>`;

/** Tables with many rows are folded away. */
export function tableHtml({ title, columns, rows, note }: Table): string {
  const cell = (tag: string, content: string, numeric?: boolean, best?: boolean) =>
    `<${tag}${numeric ? ' class="number"' : ''}>${best ? `<strong>${escapeXml(content)}</strong>` : escapeXml(content)}</${tag}>`;
  const table = `<table>
<thead><tr>${columns.map((c) => cell('th', c.title, c.numeric)).join('')}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${row.map(({ text, best }, c) => cell('td', text, columns[c].numeric, best)).join('')}</tr>`).join('\n')}
</tbody>
</table>${note ? `\n<p class="note">${escapeXml(note)}</p>` : ''}`;
  return rows.length > 24
    ? `<details><summary>${escapeXml(title)}, ${rows.length} rows</summary>\n${table}\n</details>`
    : `<h2>${escapeXml(title)}</h2>\n${table}`;
}

const style = `
body { font: 15px/1.5 system-ui, 'Segoe UI', sans-serif; color: ${ink.text}; background: ${ink.background}; margin: 2rem auto; padding: 0 1.5rem; max-width: 84rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid ${ink.grid}; }
thead th { color: ${mix(ink.text, ink.background, 0.3)}; vertical-align: bottom; }
.number { text-align: right; } .note { color: ${mix(ink.text, ink.background, 0.3)}; }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; border: 1px solid ${ink.grid}; padding: .5rem; } svg { max-width: 100%; height: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: ${mix(ink.text, ink.background, 0.3)}; } dd { margin: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; font-weight: 600; margin: 1rem 0; } pre { overflow: auto; background: ${mix(ink.background, ink.text, 0.04)}; padding: 1rem; }
@media print { figure, tr { break-inside: avoid; } }
`;
