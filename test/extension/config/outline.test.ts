import assert from 'node:assert/strict';
import { editsOf } from '../../../extension/config/edits';
import { isPathField, Outline } from '../../../extension/config/outline';
import type { Fix } from '../../../engine/contract/config';

const text = `{
  // Comments stay.
  "classes": ["liver", "vessel"],
  "domains": {
    "ct.a": { "role": "source", "images": "ct/image/{case}.nii", "labels": "l/{case}.nii" }
  },
  "teacher": { "network": "unet", "weights": "t.safetensors" }
}`;
const shown = (outline: Outline, span: { offset: number; length: number }) =>
  outline.text.slice(span.offset, span.offset + span.length);

describe('the outline of a config', () => {
  const outline = new Outline(text);

  it('finds fields, and of a missing one the name of what should hold it', () => {
    assert.equal(shown(outline, outline.spanOf(['domains', 'ct.a', 'role'])), '"source"');
    assert.equal(shown(outline, outline.spanOf(['domains', 'ct.a'], 'key')), '"ct.a"');
    assert.equal(shown(outline, outline.spanOf(['domains', 'ct.a', 'values', 'liver'])), '"ct.a"');
    assert.equal(shown(outline, outline.spanOf(['input', 'size'])), '{');
  });

  it('names domains, classes and patterns with their places', () => {
    assert.deepEqual(
      outline.domains().map(({ name, span }) => [name, shown(outline, span)]),
      [['ct.a', '"ct.a"']],
    );
    assert.deepEqual(outline.texts(['classes']), ['liver', 'vessel']);
    assert.deepEqual(
      outline.patterns().map(({ text: pattern, span }) => [pattern, shown(outline, span)]),
      ['ct/image/{case}.nii', 'l/{case}.nii', 't.safetensors'].map((p) => [p, p]),
    );
  });

  it('knows where a value is still missing', () => {
    const partial = new Outline('{ "domains": { "ct": { "values": { "liver":  } } } }');
    const at = partial.at(partial.text.indexOf(':  }') + 2);
    assert.deepEqual(at?.path, ['domains', 'ct', 'values', 'liver']);
    assert.equal(at?.isKey, false);
  });

  it('tells names from values', () => {
    assert.equal(outline.at(text.indexOf('"role"') + 2)?.isKey, true);
    assert.equal(outline.at(text.indexOf('"source"') + 2)?.isKey, false);
  });

  it('is empty for an empty text', () => {
    const empty = new Outline('');
    assert.deepEqual(empty.domains(), []);
    assert.equal(empty.at(0), null);
    assert.deepEqual(empty.spanOf(['classes']), { offset: 0, length: 0 });
  });

  it('knows the fields that hold paths', () => {
    assert.ok(isPathField(['domains', 'ct', 'images']));
    assert.ok(isPathField(['teacher', 'weights']));
    assert.ok(isPathField(['teacher', 'file']));
    assert.ok(isPathField(['variables', 'data']));
    assert.ok(!isPathField(['domains', 'ct', 'role']));
  });
});

describe('a fix', () => {
  const apply = (fix: Fix) =>
    editsOf(text, fix)
      .sort((a, b) => b.offset - a.offset)
      .reduce(
        (all, { offset, length, content }) =>
          all.slice(0, offset) + content + all.slice(offset + length),
        text,
      );

  it('replaces one part of a pattern and nothing else', () => {
    const fixed = apply({
      title: '',
      edits: [{ path: ['domains', 'ct.a', 'images'], segment: { from: 'image', to: 'images' } }],
    });
    assert.equal(fixed, text.replace('ct/image/', 'ct/images/'));
  });

  it('adds a field where it was left to its default, and keeps comments', () => {
    const fixed = apply({
      title: '',
      edits: [{ path: ['domains', 'ct.a', 'values', 'liver'], value: 5 }],
    });
    assert.match(fixed, /"values": \{\s*"liver": 5\s*\}/);
    assert.match(fixed, /Comments stay/);
  });

  it('removes an item of a list', () => {
    const without = (index: number) =>
      apply({ title: '', edits: [{ path: ['classes', index], value: undefined }] });
    assert.equal(without(0), text.replace('["liver", "vessel"]', '["vessel"]'));
    assert.equal(without(1), text.replace('["liver", "vessel"]', '["liver"]'));
    assert.equal(without(2), text);
  });

  it('gives a field another name and nothing else', () => {
    const fixed = apply({
      title: '',
      edits: [{ path: ['domains', 'ct.a', 'role'], name: 'rôle' }],
    });
    assert.equal(fixed, text.replace('"role"', '"rôle"'));
  });

  it('does nothing where the text has moved on', () => {
    const fix = {
      title: '',
      edits: [{ path: ['domains', 'ct.a', 'labels'], segment: { from: 'x', to: 'y' } }],
    };
    assert.deepEqual(editsOf(text, fix), []);
    assert.deepEqual(editsOf(text, { title: '', edits: [{ path: ['input'], name: 'y' }] }), []);
  });
});
