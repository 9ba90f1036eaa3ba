import type { DeviceCheck } from './devices';

/** Calls that make a project, and that describe the machine: types only. */
export interface ProjectCalls {
  /** Writes the demo's cohort and config into a folder. */
  createSample: { params: { folder: string }; result: { config: string } };
  /** Writes a config for the images and labels below a folder; refuses to overwrite one. */
  proposeConfig: {
    params: { folder: string; file: string; className: string };
    result: { config: string };
  };
  /** Versions, device and memory, line by line, for a report of a fault. */
  describeEnvironment: { params: null; result: Record<string, string> };
  /** Trains a small network on every device. */
  checkDevices: { params: null; result: DeviceCheck[] };
}
