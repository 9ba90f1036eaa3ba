import type { DeviceName, DistillConfig } from '../config/config';
import { loadConfig } from '../config/load';
import type { RunFolder } from './run-folder';

/** The config as the run was started with it: its paths are relative to where the config lay. @throws ConfigError */
export function readRunConfig(folder: RunFolder, device?: DeviceName): DistillConfig {
  const { config, variables, seed } = folder.readRecord();
  const options = { variables, seed, out: folder.path, device };
  return loadConfig(config, options, folder.text('config'));
}
