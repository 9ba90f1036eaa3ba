import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import {
  deviceNames,
  deviceTitles,
  preference,
  runtimeOf,
  runtimes,
} from '../../../engine/runtime/catalogue';
import packageJson from '../../../package.json';

describe('the catalogue of runtimes', () => {
  it("names devices as the editor's setting does, in its order and with its sentences", () => {
    const setting = packageJson.contributes.configuration.properties['meddistill.device'];
    assert.deepEqual(setting.enum, ['config', ...deviceNames]);
    assert.deepEqual(setting.enumDescriptions, [
      'As each config says.',
      ...deviceNames.map((name) => deviceTitles[name]),
    ]);
  });

  it('has each device once, and finds the runtime that has it', () => {
    assert.equal(new Set(deviceNames).size, deviceNames.length);
    for (const runtime of runtimes)
      for (const { name } of runtime.devices) assert.equal(runtimeOf(name), runtime);
    assert.throws(() => runtimeOf('abacus'), { message: 'no runtime has a device "abacus"' });
  });

  it('tries every device for auto, what was run here before what was not, and what always works last', () => {
    assert.deepEqual(preference, [
      'cuda',
      'webgpu',
      'directml',
      'coreml',
      'cpu',
      'wasm',
      'tensorflow',
    ]);
    assert.deepEqual(['auto', ...preference].sort(), [...deviceNames].sort());
  });

  it('loads no runtime when it is imported', () => {
    const script = `
      require('./engine/runtime/catalogue');
      const loaded = Object.keys(require.cache).filter((file) => /node_modules.(onnxruntime|@tensorflow)/.test(file));
      process.stdout.write(JSON.stringify(loaded));`;
    const printed = execFileSync(process.execPath, ['-r', 'tsx/cjs', '-e', script], {
      cwd: join(__dirname, '../../..'),
      encoding: 'utf8',
    });
    assert.deepEqual(JSON.parse(printed), []);
  });
});
