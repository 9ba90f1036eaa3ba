/** What a key asks for. */
export type KeyAction =
  | { do: 'slice'; by: number }
  | { do: 'firstSlice' | 'lastSlice' | 'nextWorst' | 'nextCase' | 'previousCase' }
  | { do: 'plane'; plane: 'axial' | 'coronal' | 'sagittal' }
  | { do: 'pan'; x: number; y: number }
  | { do: 'zoom'; factor: number }
  | { do: 'cursor'; rows: number; columns: number }
  | { do: 'window'; number: number }
  | { do: 'fit' | 'overlay' | 'agreement' | 'layout' | 'sidebar' | 'help' };

export interface Key {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  metaKey: boolean;
}

const arrows: Record<string, readonly [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

const letters: Record<string, KeyAction> = {
  a: { do: 'plane', plane: 'axial' },
  c: { do: 'plane', plane: 'coronal' },
  s: { do: 'plane', plane: 'sagittal' },
  w: { do: 'nextWorst' },
  n: { do: 'nextCase' },
  p: { do: 'previousCase' },
  o: { do: 'overlay' },
  m: { do: 'agreement' },
  g: { do: 'layout' },
  b: { do: 'sidebar' },
  f: { do: 'fit' },
  '+': { do: 'zoom', factor: 1.25 },
  '=': { do: 'zoom', factor: 1.25 },
  '-': { do: 'zoom', factor: 0.8 },
  '?': { do: 'help' },
};

/** The action of a key in the viewer; null where it has none, so that the editor gets it. */
export function keyAction({ key, ctrlKey, altKey, shiftKey, metaKey }: Key): KeyAction | null {
  if (ctrlKey || metaKey) return null;
  const arrow = arrows[key];
  if (arrow) {
    const [x, y] = arrow;
    if (altKey) return { do: 'cursor', rows: y, columns: x };
    if (shiftKey) return { do: 'pan', x, y };
    return { do: 'slice', by: x - y };
  }
  if (altKey) return null;
  if (key === 'PageUp') return { do: 'slice', by: 10 };
  if (key === 'PageDown') return { do: 'slice', by: -10 };
  if (key === 'Home') return { do: 'firstSlice' };
  if (key === 'End') return { do: 'lastSlice' };
  if (/^[1-9]$/.test(key)) return { do: 'window', number: Number(key) };
  return letters[key.toLowerCase()] ?? null;
}

/** All keys, for the page's list of them. */
export const keyHelp: readonly (readonly [keys: string, what: string])[] = [
  ['↑ ↓ or wheel', 'next, previous slice'],
  ['Page Up, Page Down', 'ten slices on, back'],
  ['Home, End', 'first, last slice'],
  ['W', 'next worst slice'],
  ['N, P', 'next, previous case'],
  ['A, C, S', 'axial, coronal, sagittal'],
  ['1 to 9', 'intensity window'],
  ['right drag', 'change the window'],
  ['+ −, Ctrl+wheel', 'zoom'],
  ['Shift+arrows, middle drag', 'move the image'],
  ['Alt+arrows, click', 'move the cursor'],
  ['F', 'fit the image'],
  ['O', 'overlay: fill, contour, none'],
  ['M', 'colours: classes, agreement'],
  ['G', 'panes in a row, in a grid'],
  ['B', 'show or hide the lists'],
];
