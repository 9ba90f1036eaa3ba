/**
 * Estimates the field of view of a picture on a dark ground, such as a fundus photograph, from its brightest channel:
 * pixels brighter than a threshold just above the ground, of these the largest 4-connected component, holes filled.
 * `image` is [channels][rows][columns] as read from the file.
 * @returns 0 and 1, [rows][columns]
 */
export function estimateFieldOfView(
  image: ArrayLike<number>,
  channels: number,
  rows: number,
  columns: number,
): Uint8Array {
  const pixels = rows * columns;
  const bright = new Float32Array(pixels).fill(-Infinity);
  for (let c = 0; c < channels; c++)
    for (let n = 0; n < pixels; n++) bright[n] = Math.max(bright[n], image[c * pixels + n]);
  const sorted = bright.slice().sort();
  const dark = sorted[Math.floor(0.01 * (pixels - 1))];
  const light = sorted[Math.floor(0.75 * (pixels - 1))];
  // Close to the ground, since the rim of a photograph is dim; the light quartile is taken to lie within the subject.
  const threshold = dark + 0.15 * (light - dark);
  const inside = Uint8Array.from(bright, (value) => (value > threshold ? 1 : 0));
  const largest = largestComponent(inside, rows, columns);
  return fillHoles(largest, rows, columns);
}

/** Numbers the 4-connected components of the pixels equal to `value`; returns their labels from 1 and sizes. */
function components(
  mask: Uint8Array,
  value: number,
  rows: number,
  columns: number,
): { label: Int32Array; sizes: number[] } {
  const label = new Int32Array(mask.length);
  const sizes = [0];
  const stack = new Int32Array(mask.length);
  for (let seed = 0; seed < mask.length; seed++) {
    if (mask[seed] !== value || label[seed] !== 0) continue;
    const id = sizes.length;
    let size = 0;
    let top = 0;
    label[seed] = id;
    stack[top++] = seed;
    const visit = (n: number) => {
      if (mask[n] === value && label[n] === 0) {
        label[n] = id;
        stack[top++] = n;
      }
    };
    while (top > 0) {
      const n = stack[--top];
      size++;
      const column = n % columns;
      if (column > 0) visit(n - 1);
      if (column < columns - 1) visit(n + 1);
      if (n >= columns) visit(n - columns);
      if (n < (rows - 1) * columns) visit(n + columns);
    }
    sizes.push(size);
  }
  return { label, sizes };
}

function largestComponent(mask: Uint8Array, rows: number, columns: number): Uint8Array {
  const { label, sizes } = components(mask, 1, rows, columns);
  if (sizes.length === 1) return new Uint8Array(mask.length).fill(1);
  const largest = sizes.reduce((best, size, id) => (size > sizes[best] ? id : best), 0);
  return Uint8Array.from(label, (id) => (id === largest ? 1 : 0));
}

/** Fills what is not connected to the border. */
function fillHoles(mask: Uint8Array, rows: number, columns: number): Uint8Array {
  const { label } = components(mask, 0, rows, columns);
  const outside = new Set<number>();
  for (let n = 0; n < mask.length; n++) {
    const column = n % columns;
    const border =
      column === 0 || column === columns - 1 || n < columns || n >= mask.length - columns;
    if (border && label[n] > 0) outside.add(label[n]);
  }
  return Uint8Array.from(label, (id) => (outside.has(id) ? 0 : 1));
}
