import type { InferenceSession } from 'onnxruntime-common';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface ProfiledEvent {
  cat?: string;
  name?: string;
  args?: { provider?: string; op_name?: string };
}

/**
 * Where the nodes of a session ran. ONNX Runtime tells only in its log, which goes to the terminal, and in a profile of runs; so the first
 * run is profiled, to a file in a folder of its own, and none after it.
 */
export class Placement {
  private constructor(private readonly folder: string) {}

  /** Null where the temporary folder takes no files: nothing depends on it. */
  static async open(): Promise<Placement | null> {
    const folder = await mkdtemp(join(tmpdir(), 'meddistill-placement-')).catch(() => null);
    return folder === null ? null : new Placement(folder);
  }

  /** For the session whose first run is to be looked at. */
  get options(): InferenceSession.SessionOptions {
    return { enableProfiling: true, profileFilePrefix: join(this.folder, 'profile') };
  }

  /** Ends the profile: operator -> nodes of it that the processor ran. Null where it cannot be read. */
  async leftToProcessor(session: InferenceSession): Promise<Record<string, number> | null> {
    try {
      session.endProfiling();
      const [file] = await readdir(this.folder);
      const text = await readFile(join(this.folder, file), 'utf8');
      return leftToProcessor(JSON.parse(text) as ProfiledEvent[]);
    } catch {
      return null;
    } finally {
      await this.close();
    }
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true }).catch(() => {});
  }
}

function leftToProcessor(events: readonly ProfiledEvent[]): Record<string, number> {
  const left: Record<string, number> = {};
  for (const { cat, name, args } of events) {
    if (cat !== 'Node' || !name?.endsWith('_kernel_time')) continue;
    if (args?.provider !== 'CPUExecutionProvider') continue;
    const operator = args.op_name ?? 'unknown';
    left[operator] = (left[operator] ?? 0) + 1;
  }
  return left;
}
