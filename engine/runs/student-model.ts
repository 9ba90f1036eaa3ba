import type { DistillConfig } from '../config/config';
import { writeWhole } from '../files';
import { toOnnx } from '../graph/onnx';
import { version } from '../version';
import type { NetworkInfo } from '../contract/plan';
import type { Weights } from '../weights';
import { inferenceGraph } from '../evaluation/segmenter';
import { pathInside } from './inside';
import { studentModel } from './run-files';

/** Writes each distilled student: the first as `student.onnx`, the others as `student-NAME.onnx`. */
export async function writeStudents(
  folder: string,
  config: DistillConfig,
  networks: readonly NetworkInfo[],
  weights: ReadonlyMap<string, Weights>,
): Promise<void> {
  const students = networks.filter(({ role }) => role === 'student');
  for (const [n, { name }] of students.entries())
    await writeModel(
      pathInside(folder, n === 0 ? studentModel : `student-${name}.onnx`),
      'student',
      config,
      weights.get(name)!,
    );
}

/**
 * Writes a network as an ONNX model: input `image` [batch, channels, rows, columns], normalised as the model's metadata
 * (`preprocessing`, JSON) says, output `probabilities` [batch, classes + 1, rows, columns], channel 0 the background.
 */
async function writeModel(
  path: string,
  role: 'teacher' | 'student',
  config: DistillConfig,
  weights: Weights,
): Promise<void> {
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
}
