/**
 * Keeps, of one label in a map [slices][rows][columns], the largest part whose voxels touch by their faces, and makes all others 0; of
 * parts of equal size the first one. Changes `labels`. With `apart` each slice is a picture of its own.
 */
export function keepLargestComponent(
  labels: Uint8Array,
  [slices, rows, columns]: readonly [slices: number, rows: number, columns: number],
  label: number,
  apart = false,
): void {
  const pixels = rows * columns;
  if (apart && slices > 1) {
    for (let s = 0; s < slices; s++)
      keepLargestComponent(
        labels.subarray(s * pixels, (s + 1) * pixels),
        [1, rows, columns],
        label,
      );
    return;
  }
  // 0: not seen; else the number of the part.
  const part = new Int32Array(labels.length);
  const sizes = [0];
  let stack = new Int32Array(1024);
  for (let seed = 0; seed < labels.length; seed++) {
    if (labels[seed] !== label || part[seed] !== 0) continue;
    const number = sizes.length;
    let [depth, size] = [0, 0];
    const visit = (at: number) => {
      if (labels[at] !== label || part[at] !== 0) return;
      part[at] = number;
      size++;
      if (depth === stack.length) {
        const larger = new Int32Array(2 * stack.length);
        larger.set(stack);
        stack = larger;
      }
      stack[depth++] = at;
    };
    visit(seed);
    while (depth > 0) {
      const at = stack[--depth];
      const column = at % columns;
      const row = Math.floor(at / columns) % rows;
      if (column > 0) visit(at - 1);
      if (column < columns - 1) visit(at + 1);
      if (row > 0) visit(at - columns);
      if (row < rows - 1) visit(at + columns);
      if (at >= pixels) visit(at - pixels);
      if (at < labels.length - pixels) visit(at + pixels);
    }
    sizes.push(size);
  }
  const largest = sizes.indexOf(Math.max(...sizes));
  for (let at = 0; at < labels.length; at++)
    if (part[at] !== 0 && part[at] !== largest) labels[at] = 0;
}
