import { copyFile, mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DistillConfig } from '../config/config';
import type { RunRecord, StageRecord } from '../contract/run-record';
import { UserError } from '../errors';
import { inferenceGraph } from '../evaluation/segmenter';
import { elements } from '../graph/graph';
import { readWeightFile, type Weights } from '../weights';
import { RunFolder } from './run-folder';

/** Takes the weights of a stage with this hash from another run in the same folder, if one has finished it. */
export async function takeFromBeside(
  folder: RunFolder,
  stage: string,
  hash: string,
): Promise<{ record: StageRecord; folder: string } | null> {
  const parent = dirname(folder.path);
  for (const name of (await readdir(parent)).sort()) {
    const other = new RunFolder(join(parent, name));
    if (other.path === folder.path || !other.exists()) continue;
    let record: RunRecord;
    try {
      record = other.readRecord();
    } catch {
      continue;
    }
    const found = record.stages?.[stage];
    if (found?.state !== 'finished' || found.hash !== hash || !other.hasStageWeights(stage))
      continue;
    const own = folder.weightsFile(stage);
    await mkdir(dirname(own), { recursive: true });
    await copyFile(other.weightsFile(stage), `${own}.part`);
    await rename(`${own}.part`, own);
    return { record: found, folder: other.path };
  }
  return null;
}

/** Shapes of a network's weights and running statistics, by name. */
export const shapesOf = (config: DistillConfig, role: 'teacher' | 'student') =>
  new Map(
    [...inferenceGraph(config, role, 1).parameters.values()].map((p) => [p.name, p.value.shape]),
  );

/** @throws UserError where the file's tensors are not those of the network that the config describes */
export async function loadNetworkWeights(
  config: DistillConfig,
  role: 'teacher' | 'student',
  path: string,
): Promise<Weights> {
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
