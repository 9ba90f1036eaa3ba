import type { DeviceName, DistillConfig } from '../config/config';
import { loadConfig } from '../config/load';
import { UserError } from '../errors';
import type { RunFolder } from './run-folder';

/** The config as the run was started with it: its paths are relative to where the config lay. @throws UserError */
export function readRunConfig(folder: RunFolder, device?: DeviceName): DistillConfig {
  const { config, variables, seed } = folder.readRecord();
  const options = { variables, seed, out: folder.path, device };
  const text = folder.readConfigText();
  if (text === null)
    throw new UserError(`${folder.path} has no copy of its config, ${folder.file('config')}.`);
  return loadConfig(config, options, text);
}
