import { cpus } from 'node:os';
import { UserError } from '../errors';
import { preference, runtimeOf, runtimes, type DeviceName } from './catalogue';
import type { Device, Runtime } from './runtime';

/**
 * The device asked for, after it has really run a small program. `auto` takes the best that starts; a device asked for by
 * name that does not start is an error.
 */
export async function openDevice(wanted: DeviceName, threads = 0): Promise<Device> {
  const asked = wanted !== 'auto';
  const count = threads > 0 ? threads : cpus().length;
  const reasons: string[] = [];
  const built = new Map<Runtime, readonly string[]>();
  for (const runtime of runtimes.toReversed())
    try {
      built.set(runtime, runtime.providers());
    } catch (error) {
      if (asked && runtimeOf(wanted) === runtime) throw error;
      reasons.push((error as Error).message);
    }
  for (const name of asked ? [wanted] : preference) {
    const runtime = runtimeOf(name);
    const provider = runtime.devices.find((device) => device.name === name)!.provider;
    if (!built.get(runtime)?.includes(provider)) {
      if (asked)
        throw new UserError(
          `device "${name}" is not in this build of ${runtime.title} for ${process.platform} ${process.arch}; it has ${built.get(runtime)?.join(', ')}`,
        );
      continue;
    }
    let opened: Device | string;
    try {
      opened = await runtime.open(name, count, asked);
    } catch (error) {
      const reason = (error as Error).message;
      if (asked) throw new UserError(`device "${name}" does not start: ${reason}`);
      opened = `${name} does not start (${reason})`;
    }
    if (typeof opened === 'string') reasons.push(opened);
    else if (asked || !reasons.length) return opened;
    else return { ...opened, note: `Running on the ${name}: ${reasons.join('; ')}.` };
  }
  throw new UserError(`no device starts: ${reasons.join('; ')}`);
}
