import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import nifti from './golden/nifti.json';

/** The folder of real images, where this machine has one. */
export const realData =
  process.env.MEDDISTILL_TEST_DATA ?? resolve(__dirname, '../../../../shared/data');

/** Skips a test, saying why, where a folder of the real images is missing. */
export function needRealData(context: Mocha.Context, ...parts: string[]): string {
  const folder = join(realData, ...parts);
  if (!existsSync(folder)) {
    console.log(`      skipped: ${folder} is not there`);
    context.skip();
  }
  return folder;
}

/** The folder of a small odd input with its right answers; skips a test where this machine has none. */
export const needCase = (context: Mocha.Context, name: string): string =>
  needRealData(context, '..', 'cases', name);

/** Runs `use` with a new folder that is removed afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'meddistill-test-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What nibabel reads from a NIfTI file; `values` are all channels at `points` (i, j, k) of the first frame. */
export interface NiftiExpectation {
  shape: number[];
  dtype: string;
  spacing: number[];
  orientation: string;
  affine: number[][];
  min: number;
  max: number;
  points: number[][];
  values: number[][];
}

/** Small NIfTI files by name, each with what nibabel reads from it; a pair has two parts. */
export const niftiFiles: {
  name: string;
  parts: (readonly [string, Buffer])[];
  expected: NiftiExpectation;
}[] = nifti.made.map(({ name, files, expected }) => ({
  name,
  parts: Object.entries(files as unknown as Record<string, string>).map(
    ([file, content]) => [file, Buffer.from(content, 'base64')] as const,
  ),
  expected,
}));

/** The content of the single file or of the header of this name. */
export function niftiBytes(name: string): Buffer {
  return Buffer.from(niftiFiles.find((file) => file.name === name)!.parts[0][1]);
}
