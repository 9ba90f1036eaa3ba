/** Writes each case's graph, with its gradients where it has some, as ONNX into a folder: for `operators.py` to check. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gradients } from '../../../../engine/graph/gradients';
import { toOnnx } from '../../../../engine/graph/onnx';
import { sumAll } from '../../../../engine/graph/operators/reduction';
import { cases, withoutGradient } from '../operators';
import { graphOn, type Stored } from '../shared';
import golden from './operators.json';

Object.entries(cases).forEach(([title, build], n) => {
  const { inputs } = (golden as unknown as Record<string, { inputs: Stored[] }>)[title];
  const { graph, values } = graphOn(inputs);
  const y = build(...values);
  graph.output('y', y);
  if (!(title in withoutGradient))
    gradients(sumAll(y), values).forEach((gradient, i) => {
      if (gradient) graph.output(`gradient${i}`, gradient);
    });
  writeFileSync(join(process.argv[2], `${String(n).padStart(3, '0')}.onnx`), toOnnx(graph));
});
