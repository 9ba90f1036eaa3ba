/** Writes each case's graph, with its gradients where it has some, as ONNX into a folder: for `operators.py` to check. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lower } from '../../../../engine/graph/lower';
import { toOnnx } from '../../../../engine/graph/onnx';
import { cases, graphOf } from '../operators';

Object.keys(cases).forEach((title, n) => {
  const file = `${String(n).padStart(3, '0')}.onnx`;
  writeFileSync(join(process.argv[2], file), toOnnx(lower(graphOf(title))));
});
