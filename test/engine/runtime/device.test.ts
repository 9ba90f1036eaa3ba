import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { openDevice } from '../../../engine/runtime/device';
import { runtimeOf } from '../../../engine/runtime/catalogue';

describe('openDevice', () => {
  it('opens the processor, with its name and the threads asked for', async () => {
    const device = await openDevice('cpu', 1);
    assert.equal(device.name, 'cpu');
    assert.equal(device.threads, 1);
    assert.ok(device.description.length > 0);
    assert.equal((await openDevice('cpu')).threads, cpus().length);
  });

  it('takes what really starts, and says why nothing better does', async () => {
    const device = await openDevice('auto');
    const backends = runtimeOf('cpu').providers();
    const better = backends.some((name) => name !== 'cpu');
    if (device.name === 'cpu' && better)
      assert.match(device.note ?? '', /^Running on the cpu: .+\.$/);
    assert.ok(backends.some((name) => device.name === (name === 'dml' ? 'directml' : name)));
  });

  it('refuses a device that does not start here, in one sentence with its name', async () => {
    // One of the two is not in the build for any platform.
    const foreign = process.platform === 'darwin' ? 'directml' : 'coreml';
    await assert.rejects(openDevice(foreign), {
      name: 'UserError',
      message: new RegExp(
        `^device "${foreign}" is not in this build of ONNX Runtime for .+; it has .*cpu`,
      ),
    });
  });
});
