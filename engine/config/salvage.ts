import type { ConfigPath } from '../contract/config';
import { valueIn } from '../jsonc';
import type { DistillConfig } from './config';
import { parseConfig, type LoadOptions } from './load';

/**
 * What can be read of a config whose text does not fit the schema, as while it is being written: faulty fields are left out,
 * missing networks taken for U-Nets. Null where no domain is left. For editors only: it is not what the user asked for.
 */
export function salvageConfig(
  text: string,
  file: string,
  options: LoadOptions = {},
): DistillConfig | null {
  const value = valueIn(text) as Tree | undefined;
  if (!isTree(value)) return null;
  value['teacher'] ??= 'unet';
  value['student'] ??= 'unet';
  if (!Array.isArray(value['classes']) || value['classes'].length === 0)
    value['classes'] = ['class'];
  // Each round removes what is faulty; removing something may make what held it faulty.
  for (let round = 0; round < 20; round++) {
    const { config, faults } = parseConfig(JSON.stringify(value), file, options);
    if (config) return config;
    if (!faults.some(({ path }) => remove(value, path))) return null;
  }
  return null;
}

type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null;

/** Removes the deepest thing that there is at a path; false where that would be everything. */
function remove(root: Tree, path: ConfigPath): boolean {
  let parent = root;
  let depth = 0;
  while (depth + 1 < path.length && isTree(parent[path[depth]]))
    parent = parent[path[depth++]] as Tree;
  // A field that is missing is a fault of the object that lacks it, one step up.
  const key = path[depth];
  if (key !== undefined && key in parent) {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete parent[key];
    return true;
  }
  return depth > 0 && remove(root, path.slice(0, depth));
}
