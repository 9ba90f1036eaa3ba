import assert from 'node:assert/strict';
import { ViewerSettings } from '../../extension/viewer-settings';

class Memory {
  private readonly values = new Map<string, unknown>();
  get<T>(key: string, otherwise: T): T {
    return (this.values.get(key) as T | undefined) ?? otherwise;
  }
  update(key: string, value: unknown): Promise<void> {
    this.values.set(key, structuredClone(value));
    return Promise.resolve();
  }
}

describe('the settings of viewers', () => {
  it('are remembered for each run and file, those used last', () => {
    const settings = new ViewerSettings(new Memory(), 3);
    for (const name of ['a', 'b', 'c']) settings.set(name, { opacity: name });
    settings.set('a', { opacity: 'new' });
    settings.set('d', { opacity: 'd' });
    assert.deepEqual(settings.get('a'), { opacity: 'new' });
    assert.deepEqual(settings.get('d'), { opacity: 'd' });
    assert.equal(settings.get('b'), null);
    assert.equal(settings.get('nowhere'), null);
  });

  it('are those of all viewers of a window', () => {
    const memory = new Memory();
    new ViewerSettings(memory).set('run', { layout: 'row' });
    assert.deepEqual(new ViewerSettings(memory).get('run'), { layout: 'row' });
  });
});
