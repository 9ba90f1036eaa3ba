import type { DeviceCheck } from '../contract/devices';
import type { Table } from '../contract/table';
import { numberCell, textCell } from './table';

/** Every device with what a small training step on it showed. */
export const devicesTable = (checks: readonly DeviceCheck[]): Table => ({
  title: 'Devices',
  columns: ['Device', 'Step, ms', 'Speed', 'Apart', 'Left', 'Works'].map((title) => ({ title })),
  rows: checks.map(
    ({ name, description, milliseconds, speed, apart, leftToProcessor, problem }) => [
      textCell(name),
      numberCell(milliseconds, 1),
      { text: speed === null ? '-' : `${speed.toFixed(2)} x`, value: speed },
      { text: apart === null ? '-' : apart.toExponential(0), value: apart },
      textCell(leftToProcessor === null ? '-' : (nodesText(leftToProcessor) ?? 'none')),
      textCell(problem === null ? `yes: ${description}` : `no: ${problem}`),
    ],
  ),
});

/** Nodes by their operators in words, the most frequent first; null for none. */
export function nodesText(nodes: Readonly<Record<string, number>>): string | null {
  const parts = Object.entries(nodes)
    .sort(([a, n], [b, m]) => m - n || a.localeCompare(b))
    .map(([operator, count]) => `${count} ${operator}`);
  return parts.length ? parts.join(', ') : null;
}

/** What the table's columns mean, and what to do with it. */
export const devicesNote =
  'A training step of a small network on each device. Speed: times that of the processor; large networks gain more on a GPU. Apart: the ' +
  "larger difference of a loss and its gradient's norm from the processor's, as a share. Left: what a GPU " +
  "leaves to the processor, with a wait for both at each. A config's `device` takes one by its name; `auto` " +
  'takes the fastest kind that starts.\n';
