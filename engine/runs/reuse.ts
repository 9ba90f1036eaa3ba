import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DistillConfig } from '../config/config';
import type { StageRecord } from '../contract/run-record';
import { UserError } from '../errors';
import { OnnxTeacher } from '../evaluation/onnx-teacher';
import { inferenceGraph, shapesIn, vectorGraph } from '../evaluation/segmenter';
import { elements } from '../graph/graph';
import { isOnnxFile } from '../networks/catalogue';
import { alignmentNames } from '../method/gkd/alignment';
import { alignmentStageName } from '../method/gkd/alignment-stage';
import type { Device } from '../runtime/runtime';
import { readWeightFile, readWeights, writeWeights, type Shapes, type Weights } from '../weights';
import { RunFolder } from './run-folder';

/** Takes the weights of a stage with this hash from another run in the same folder or in one of `alsoIn`, if one has finished it. */
export async function takeFromBeside(
  folder: RunFolder,
  stage: string,
  hash: string,
  alsoIn: readonly string[] = [],
): Promise<{ record: StageRecord; folder: string } | null> {
  for (const parent of [dirname(folder.path), ...alsoIn])
    for (const name of (await readdir(parent)).sort()) {
      const path = join(parent, name);
      if (path === folder.path) continue;
      const found = await finishedStage(new RunFolder(path), stage, hash);
      if (!found) continue;
      await writeWeights(folder.weightsFile(stage), found.tensors, found.metadata);
      return { record: found.record, folder: path };
    }
  return null;
}

/** Whether `takeFromBeside` would find such weights. */
export async function isBeside(folder: RunFolder, stage: string, hash: string): Promise<boolean> {
  const parent = dirname(folder.path);
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const path = join(parent, name);
    if (path !== folder.path && (await finishedStage(new RunFolder(path), stage, hash)))
      return true;
  }
  return false;
}

/** Null where the folder has no such stage, or where it is damaged: then it is another one's, and no help. */
async function finishedStage(other: RunFolder, stage: string, hash: string) {
  try {
    if (!other.exists()) return null;
    const record = other.readRecord().stages[stage];
    if (record?.state !== 'finished' || record.hash !== hash || !other.hasStageWeights(stage))
      return null;
    const found = await readWeights(other.weightsFile(stage));
    return found.metadata['hash'] === hash ? { record, ...found } : null;
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Shapes of a network's weights and running statistics, by name; those of an ONNX file stay there. */
export const shapesOf = (config: DistillConfig, role: 'teacher' | 'student'): Shapes =>
  isOnnxFile(config[role]) ? new Map() : shapesIn(inferenceGraph(config, role, 1));

/**
 * Weights of both alignment networks' encoders. Runs of versions before have vectors as they are: standardised by nothing.
 * @throws UserError where they do not fit the config
 */
export async function alignmentWeights(folder: RunFolder, config: DistillConfig): Promise<Weights> {
  const shapes = (['teacher', 'student'] as const)
    .flatMap((role) => [...shapesIn(vectorGraph(config, role, 1))])
    .filter(([name]) => Object.values(alignmentNames).some((own) => name.startsWith(`${own}/`)));
  const isStatistic = (name: string) => name.includes('.running_');
  const weights = await folder.readStageWeights(
    alignmentStageName,
    new Map(shapes.filter(([name]) => !isStatistic(name))),
  );
  for (const [name, shape] of shapes)
    if (isStatistic(name) && !weights.has(name))
      weights.set(name, new Float32Array(elements(shape)).fill(name.endsWith('_var') ? 1 : 0));
  return weights;
}

/**
 * A network's weights from a file; of an ONNX file, which keeps its own, none.
 * @throws UserError where the file's tensors are not those of the network that the config describes, or the ONNX file does not fit it
 */
export async function loadNetworkWeights(
  config: DistillConfig,
  role: 'teacher' | 'student',
  path: string,
  device: Device,
): Promise<Weights> {
  if (isOnnxFile(config[role])) {
    await (await OnnxTeacher.open(config, config[role], device)).release();
    return new Map();
  }
  const { weights } = await readWeightFile(path);
  const graph = inferenceGraph(config, role, 1);
  for (const { name, value } of graph.parameters.values()) {
    const found = weights.get(name);
    if (found?.length !== elements(value.shape))
      throw new UserError(
        `${role}.weights: ${path} ${found ? `has ${found.length} values` : 'has nothing'} for "${name}", where the ${config[role].network} of this config needs ${elements(value.shape)}.`,
      );
  }
  return weights;
}
