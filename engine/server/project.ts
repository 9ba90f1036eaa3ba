import { existsSync } from 'node:fs';
import { cpus, freemem, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { proposeConfig } from '../survey/propose';
import type { DeviceCheck } from '../contract/devices';
import type { ProjectCalls } from '../contract/project';
import { writeWhole } from '../files';
import { writeDemo } from '../demo/demo';
import { UserError } from '../errors';
import { openDevice } from '../runtime/device';
import { runtimeOf } from '../runtime/catalogue';
import { checkDevices } from '../training/check-devices';
import { version } from '../version';
import type { Handlers } from './handlers';

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

export const projectHandlers: Handlers<ProjectCalls> = {
  createSample: async ({ folder }) => ({ config: await writeDemo(folder) }),

  proposeConfig: async ({ folder, file, className }) => {
    const config = join(folder, file);
    if (existsSync(config)) throw new UserError(`${config} is there already.`);
    await writeWhole(config, await proposeConfig(folder, className));
    return { config };
  },

  describeEnvironment: async () => {
    const attempt = async (action: () => Promise<string> | string): Promise<string> => {
      try {
        return await action();
      } catch (error) {
        return (error as Error).message;
      }
    };
    const runtime = runtimeOf('cpu');
    return {
      MedDistill: version,
      Node: process.version,
      Platform: `${process.platform} ${process.arch}, ${release()}`,
      [runtime.title]: await attempt(
        () => `${runtime.version()} with ${runtime.providers().join(', ')}`,
      ),
      Device: await attempt(async () => {
        const { name, description, threads, note } = await openDevice('auto');
        return `${name} (${description}), ${threads} threads${note ? `; ${note}` : ''}`;
      }),
      Processor: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
      Memory: `${gibibytes(totalmem())}, ${gibibytes(freemem())} free; the engine's server has ${gibibytes(process.memoryUsage().rss)}`,
    };
  },

  checkDevices: async () => {
    const checks: DeviceCheck[] = [];
    await checkDevices((check) => checks.push(check));
    return checks;
  },
};
