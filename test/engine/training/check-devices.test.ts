import assert from 'node:assert/strict';
import type { DeviceCheck } from '../../../engine/contract/devices';
import { devicesTable } from '../../../engine/presentation/devices-table';
import { tableText } from '../../../engine/presentation/table';
import { deviceNames } from '../../../engine/runtime/catalogue';
import { checkDevices } from '../../../engine/training/check-devices';

describe('the check of devices', () => {
  const checks: DeviceCheck[] = [];
  before(async function () {
    // A graphics card in software is slow.
    this.timeout(300_000);
    await checkDevices((check) => checks.push(check));
  });
  const of = (name: string) => checks.find((check) => check.name === name)!;

  it('tries every device that a config can name, the processor first', () => {
    const names = checks.map(({ name }) => name);
    assert.equal(names[0], 'cpu');
    assert.deepEqual(names.toSorted(), deviceNames.filter((name) => name !== 'auto').toSorted());
  });

  it('finds the processor as fast as itself, and WebAssembly as right', () => {
    assert.equal(of('cpu').speed, 1);
    assert.equal(of('cpu').apart, 0);
    assert.ok(of('wasm').apart! < 1e-2, `${of('wasm').apart} apart`);
    assert.equal(of('wasm').problem, null);
  });

  it('says of each other device why it does not work, or that it computes the same', () => {
    for (const { name, milliseconds, apart, problem } of checks)
      if (milliseconds === null) assert.match(problem!, /^device ".*\S$/, name);
      else assert.ok(apart! < 2e-2 && problem === null, `${name}: ${apart} apart, ${problem}`);
  });

  it('is shown as a table of a line for each', () => {
    const lines = tableText(devicesTable(checks)).split('\n');
    assert.equal(lines.length, 2 + checks.length);
    assert.match(lines[2], /^\| cpu +\| [\d.]+ +\| 1\.00 x \|/);
  });
});
