import { chartTable } from '../../engine/presentation/chart-table';
import type { Chart } from '../../engine/presentation/chart';
import { chartSvg } from '../../engine/presentation/svg';
import type { Table } from '../../engine/contract/table';
import { tableCsv } from '../../engine/presentation/table';
import { h, on } from '../shared/dom';
import { themeInk } from './theme';

/** Hands a file to the user; see `HostCalls.save`. */
export type Save = (name: string, content: string | Uint8Array) => void;

let cards = 0;

/** A titled block with buttons on its right. */
export function card(
  title: string,
  buttons: readonly HTMLElement[],
  ...content: (Node | null)[]
): HTMLElement {
  const id = `card-${++cards}`;
  return h(
    'section',
    { class: 'card', 'aria-labelledby': id },
    h('header', {}, h('h3', { id }, title), h('div', { class: 'tools' }, ...buttons)),
    ...content,
  );
}

export function toolButton(icon: string, label: string, act: () => void): HTMLElement {
  const button = h('vscode-toolbar-button', { icon, label, title: label });
  return on(button, { click: act });
}

function textButton(text: string, label: string, act: () => void): HTMLElement {
  return on(h('vscode-toolbar-button', { label, title: label }, text), { click: act });
}

export interface ToggleButton extends HTMLElement {
  checked: boolean;
}

export function toggleButton(
  icon: string,
  label: string,
  checked: boolean,
  act: (checked: boolean) => void,
): ToggleButton {
  const button = h('vscode-toolbar-button', {
    icon,
    label,
    title: label,
    toggleable: true,
    checked,
  }) as ToggleButton;
  return on(button, { change: () => act(button.checked) });
}

/** Buttons that hand a chart over as SVG, PNG and CSV, as it is shown. */
export function exportButtons(
  chart: () => {
    chart: Chart;
    range?: readonly [number, number] | null;
    width: number;
    height: number;
  } | null,
  save: Save,
): HTMLElement[] {
  const picture = () => {
    const shown = chart();
    return shown && { ...shown, svg: chartSvg(shown.chart, { ...shown, ink: themeInk() }) };
  };
  return [
    textButton('SVG', 'Save as SVG', () => {
      const made = picture();
      if (made) save(`${fileName(made.chart.title)}.svg`, made.svg);
    }),
    textButton('PNG', 'Save as PNG', () => {
      const made = picture();
      if (made)
        void rasterize(made.svg, made.width, made.height).then((png) =>
          save(`${fileName(made.chart.title)}.png`, png),
        );
    }),
    textButton('CSV', 'Save as CSV', () => {
      const shown = chart();
      if (shown) save(`${fileName(shown.chart.title)}.csv`, tableCsv(chartTable(shown.chart)));
    }),
  ];
}

/** A title as the name of a file. */
export const fileName = (title: string): string =>
  title
    .normalize('NFKD')
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();

/** PNG of an SVG document at twice its size. */
async function rasterize(svg: string, width: number, height: number): Promise<Uint8Array> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = h('canvas', { width: 2 * width, height: 2 * height });
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
    return new Uint8Array(await blob!.arrayBuffer());
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A table as HTML; the best cells are bold and say so. */
export function tableElement(table: Table, caption = true): HTMLElement {
  const { title, columns, rows, note } = table;
  return h(
    'div',
    { class: 'table' },
    h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': title },
      h(
        'table',
        {},
        caption ? h('caption', {}, title) : h('caption', { class: 'spoken' }, title),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ...columns.map((c) =>
              h('th', { scope: 'col', class: c.numeric ? 'number' : null }, c.title),
            ),
          ),
        ),
        h(
          'tbody',
          {},
          ...rows.map((row) =>
            h(
              'tr',
              {},
              ...row.map((cell, c) =>
                h(
                  c === 0 ? 'th' : 'td',
                  {
                    scope: c === 0 ? 'row' : null,
                    class:
                      [columns[c].numeric ? 'number' : '', cell.best ? 'best' : '']
                        .filter(Boolean)
                        .join(' ') || null,
                  },
                  cell.text,
                  cell.best && h('span', { class: 'spoken' }, ' (best)'),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
    note ? h('p', { class: 'muted' }, note) : null,
  );
}

/** A table in a card of its own. */
export function tableCard(table: Table, save: Save): HTMLElement {
  return card(
    table.title,
    [textButton('CSV', 'Save as CSV', () => save(`${fileName(table.title)}.csv`, tableCsv(table)))],
    tableElement(table, false),
  );
}
