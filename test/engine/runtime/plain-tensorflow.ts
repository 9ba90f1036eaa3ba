import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDevice } from '../../../engine/runtime/device';
import type { Device } from '../../../engine/runtime/runtime';
import { folderVariable } from '../../../engine/runtime/tensorflow/package';

/** A package under the name of one, whose program is `script`. Returns its folder. */
export async function installPackage(
  folder: string,
  name: string,
  script: string,
): Promise<string> {
  const own = join(folder, 'node_modules', name);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'package.json'), JSON.stringify({ name, version: '4.22.0' }));
  await writeFile(join(own, 'index.js'), script);
  return own;
}

/** TensorFlow.js's own backend in JavaScript, which needs no TensorFlow: the same functions, computed by another program. */
const plain = `
  const tf = require(${JSON.stringify(require.resolve('@tensorflow/tfjs-core'))});
  // No advice to install something faster.
  tf.env().set('IS_TEST', true);
  require(${JSON.stringify(require.resolve('@tensorflow/tfjs-backend-cpu'))});
  module.exports = tf;`;

/**
 * The device `tensorflow` for the tests of a suite, on TensorFlow.js's plain backend; where the environment names an installed
 * package already, on that.
 */
export function plainTensorFlow(threads = 1): () => Device {
  let folder: string | undefined;
  let device: Device;
  before(async () => {
    if (!process.env[folderVariable]) {
      folder = await mkdtemp(join(tmpdir(), 'meddistill-tensorflow-'));
      await installPackage(folder, '@tensorflow/tfjs-node', plain);
      process.env[folderVariable] = folder;
    }
    device = await openDevice('tensorflow', threads);
  });
  after(async () => {
    if (!folder) return;
    delete process.env[folderVariable];
    await rm(folder, { recursive: true });
  });
  return () => device;
}
