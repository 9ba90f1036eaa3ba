import assert from 'node:assert/strict';
import { parseConfig } from '../../../engine/config/load';
import type { Fix } from '../../../engine/contract/config';
import { editsOf } from '../../../extension/config/edits';

type Tree = Record<string, unknown>;
const domain = { role: 'source', images: 'i/{case}.nii', labels: 'l/{case}.nii' };

/** A config without fault but for `changes`, and those of its domain. */
const configOf = (changes: Tree, ofDomain: Tree = {}) =>
  JSON.stringify({
    classes: ['liver'],
    domains: { 'c.t': { ...domain, ...ofDomain } },
    teacher: 'unet',
    student: 'unet',
    ...changes,
  });
const faultsOf = (text: string) => parseConfig(text, '/data/x.distill.jsonc').faults;

const apply = (text: string, fix: Fix) =>
  editsOf(text, fix)
    .sort((a, b) => b.offset - a.offset)
    .reduce(
      (all, { offset, length, content }) =>
        all.slice(0, offset) + content + all.slice(offset + length),
      text,
    );

describe('what may be meant instead of what is wrong in a config', () => {
  const cases: [title: string, text: string, ...fixes: string[]][] = [
    // Words and names.
    ['a setting misspelt', configOf({ trainning: {} }), 'Rename it to "training"'],
    [
      'a setting misspelt in one of several forms',
      configOf({ teacher: { network: 'unet', dept: 2 } }),
      'Rename it to "depth"',
    ],
    ['a setting misspelt that is there as well', configOf({ input: {}, inpt: {} })],
    ['a setting unknown', configOf({ colours: {} })],
    [
      'a word that is not allowed: the most similar first',
      configOf({}, { axis: 'sagital' }),
      'Use "sagittal"',
      'Use "axial"',
      'Use "coronal"',
    ],
    [
      'a network unknown',
      configOf({ student: 'mobilenet-unet' }),
      'Use "mobilenetv2-unet"',
      'Use "unet"',
    ],
    [
      'an optimiser unknown',
      configOf({ training: { optimizer: { name: 'adamx' } } }),
      'Use "adam"',
      'Use "adamw"',
      'Use "sgd"',
    ],

    // Meaning.
    ['no source', configOf({}, { role: 'target' }), 'Make c.t a source'],
    [
      'a size that networks given by name cannot halve',
      configOf({ input: { size: 40 }, student: { network: 'unet', depth: 3 } }),
      'Set the size to 32',
      'Set the size to 48',
      'Set the depth of the teacher to 3',
    ],
    [
      'a size that both networks cannot halve',
      configOf({ input: { size: [48, 40] } }),
      'Set the size to 48 x 32',
      'Set the size to 48',
    ],
    ['a spacing without patches', configOf({ input: { spacing: 1 } }), 'Use patches'],
    [
      'a threshold for several classes',
      configOf({ classes: ['a', 'b'], evaluation: { threshold: 0.5 } }),
      'Use "argmax"',
    ],
    [
      'a field of view without masks',
      configOf({}, { fov: 'provided' }),
      'Use the whole image',
      'Estimate the field of view',
    ],
    [
      'splits that overlap',
      configOf({}, { split: { train: ['a'], validation: ['b'], test: ['a', 'c'] } }),
      'Remove it from test',
    ],
    [
      'a value for a class that is not there',
      configOf({}, { values: { liver: 1, spleen: 2 } }),
      'Remove spleen',
    ],
  ];
  for (const [title, text, ...titles] of cases)
    it(title, () => {
      const [{ fixes }] = faultsOf(text);
      assert.deepEqual(fixes.map((fix) => fix.title).slice(0, titles.length), titles);
      if (titles.length === 0) assert.deepEqual(fixes, []);
      for (const fix of fixes.slice(0, titles.length))
        assert.deepEqual(faultsOf(apply(text, fix)), [], fix.title);
    });

  it('finds a domain whose name looks like a number', () => {
    const text = configOf({ domains: { '2': { ...domain, role: 'sauce' } } });
    const [{ path, fixes }] = faultsOf(text);
    assert.deepEqual(path, ['domains', '2', 'role']);
    assert.deepEqual(faultsOf(apply(text, fixes[0])), []);
  });
});
