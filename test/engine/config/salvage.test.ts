import assert from 'node:assert/strict';
import { salvageConfig } from '../../../engine/config/salvage';

const salvage = (text: string) => salvageConfig(text, '/data/x.distill.jsonc');
const domain = '"role": "source", "images": "i/{case}.nii", "labels": "l/{case}.nii"';

describe('a config that is still being written', () => {
  it('is read without its faulty fields', () => {
    const config = salvage(
      `{ "classes": ["liver"], "domains": { "ct": { ${domain}, "axis": "oblique", "colour": 1 } }, "device": "abacus" }`,
    );
    assert.equal(config?.domains['ct'].images, '/data/i/{case}.nii');
    assert.equal(config?.domains['ct'].axis, 'axial');
    assert.equal(config?.device, 'auto');
  });

  it('is read up to where its text breaks off', () => {
    const config = salvage(
      `{ "classes": ["liver"], "domains": { "ct": { ${domain}, "values": { "liver": `,
    );
    assert.deepEqual(Object.keys(config?.domains ?? {}), ['ct']);
    assert.equal(config?.teacher.network, 'unet');
  });

  it('leaves out a domain that lacks what a domain needs', () => {
    const config = salvage(`{ "domains": { "ct": { ${domain} }, "mr": { "role": "target" } } }`);
    assert.deepEqual(Object.keys(config?.domains ?? {}), ['ct']);
  });

  it('is nothing where there is no domain', () => {
    assert.equal(salvage('{ "classes": ["liver"] }'), null);
    assert.equal(salvage('{ "domains": { "mr": { "role": "target" } } }'), null);
    assert.equal(salvage(''), null);
    assert.equal(salvage('[1]'), null);
  });
});
