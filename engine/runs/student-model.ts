import { join } from 'node:path';
import type { DistillConfig } from '../config/config';
import { writeWhole } from '../files';
import { toOnnx } from '../graph/onnx';
import { version } from '../version';
import type { Weights } from './run-folder';
import { inferenceGraph } from '../evaluation/segmenter';

/**
 * Writes a network as an ONNX model: input `image` [batch, channels, rows, columns], normalised as the model's metadata
 * (`preprocessing`, JSON) says, output `probabilities` [batch, classes + 1, rows, columns], channel 0 the background.
 */
export async function writeModel(
  folder: string,
  role: 'teacher' | 'student',
  config: DistillConfig,
  weights: Weights,
): Promise<string> {
  const path = join(folder, `${role}.onnx`);
  const preprocessing = {
    input: config.input,
    domains: Object.fromEntries(
      Object.entries(config.domains).map(([name, d]) => [
        name,
        {
          role: d.role,
          channel: d.channel,
          intensity: d.intensity,
          clahe: d.clahe,
          axis: d.axis,
          ...(d.spacing ? { spacing: d.spacing } : {}),
          ...(d.orientation ? { orientation: d.orientation } : {}),
        },
      ]),
    ),
  };
  await writeWhole(
    path,
    toOnnx(inferenceGraph(config, role, 1), {
      weights,
      dynamicBatch: true,
      metadata: {
        classes: JSON.stringify(['background', ...config.classes]),
        preprocessing: JSON.stringify(preprocessing),
        producer: `MedDistill ${version}`,
      },
    }),
  );
  return path;
}
