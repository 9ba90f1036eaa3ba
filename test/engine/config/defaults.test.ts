import assert from 'node:assert/strict';
import Type from 'typebox';
import { fill } from '../../../engine/config/defaults';
import { schemaFaults } from '../../../engine/config/schema-errors';
import { anyOf, choice, forms, settings } from '../../../engine/options';

const pans = [
  {
    name: 'wok',
    title: 'Wok',
    options: settings({ heat: Type.Number({ default: 3 }) }),
  },
  {
    name: 'pot',
    title: 'Pot',
    options: settings({
      lid: settings({ shut: Type.Boolean({ default: true }) }),
      handle: Type.Optional(Type.String()),
    }),
  },
] as const;
const shared = { water: Type.Integer({ default: 0 }) };
const schema = settings({
  cook: Type.String(),
  pans: Type.Array(
    anyOf([choice({ wok: 'A wok.', pot: 'A pot.' }), ...forms('pan', pans, shared)]),
    { default: [] },
  ),
});
const filled = (value: unknown) => {
  assert.deepEqual(schemaFaults(value, schema), []);
  return fill(value, schema);
};

describe('fill', () => {
  it('fills in defaults in groups, lists and the alternative that is meant', () => {
    assert.deepEqual(filled({ cook: 'a' }), { cook: 'a', pans: [] });
    assert.deepEqual(
      filled({ cook: 'a', pans: [{ pan: 'pot' }, 'wok', { pan: 'wok', heat: 1 }] }),
      {
        cook: 'a',
        pans: [
          { pan: 'pot', lid: { shut: true }, water: 0 },
          'wok',
          { pan: 'wok', heat: 1, water: 0 },
        ],
      },
    );
  });

  it('leaves what it is given as it is', () => {
    const value = Object.freeze({
      cook: 'a',
      pans: Object.freeze([Object.freeze({ pan: 'wok' })]),
    });
    assert.deepEqual(Object.keys(filled(value).pans[0]), ['pan', 'heat', 'water']);
  });
});

describe('a choice from a catalogue in a list', () => {
  const faultsOf = (pan: unknown) =>
    schemaFaults({ cook: 'a', pans: ['wok', pan] }, schema).map(
      ({ path, message }) => `${path.join('.')}: ${message}`,
    );

  it('is known by its name, and has its own options and the shared ones', () => {
    assert.deepEqual(faultsOf('pan'), ['pans.1: "pan" is unknown; allowed are "wok", "pot"']);
    assert.deepEqual(faultsOf({ pan: 'pan' }), [
      'pans.1.pan: "pan" is unknown; allowed are "wok", "pot"',
    ]);
    assert.deepEqual(faultsOf({ pan: 'wok', lid: {} }), [
      'pans.1.lid: there is no such setting here; there are pan, heat, water',
    ]);
  });
});
