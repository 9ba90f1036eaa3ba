import type { Random } from '../../../../engine/random';
import { changeBytes } from '../../fuzz/bytes';

/** A valid config: its text, and the value that the text has. */
export interface Original {
  name: string;
  text: string;
  value: object;
}

/** What a text of JSON may have in a value's place; `JSON.stringify` could not write all of it. */
const literals = [
  ...['null', 'true', '0', '-0', '-1', '0.5', '1e308', '1e999', '9007199254740993', '0x10', 'NaN'],
  ...['', '-', '[]', '{}', '[null]', '{"a":1,"a":2}', '[1,2,3]', 'undefined', "'single'", '"open'],
  ...['{"__proto__":{"role":"source"}}', '{"constructor":{}}', '{"network":"toString"}'],
];
/** Values of which there is too much. */
const floods = [
  '['.repeat(100_000),
  '['.repeat(20_000) + ']'.repeat(20_000),
  '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000),
  `[${'1,'.repeat(20_000)}1]`,
  `[${'"x",'.repeat(5000)}"x"]`,
  `{${Array.from({ length: 2000 }, (_, n) => `"k${n}":${n}`).join()}}`,
  `[${Array.from({ length: 5000 }, (_, n) => `"case ${n}"`).join()}]`,
];
const texts = [
  ...['', ' ', '.', '..', '../../x', '/', 'C:\\x', 'con', 'a\nb', '\u0000', '\u001b[31m', '\ud800'],
  ...['{case', '{case}', '{case:(', '{case:[}', '{case:(a+)+}.png', '${none}', '${', '**', '{}'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'unet', 'gkd', 'teacher', 'ct'],
  'x'.repeat(100_000),
  'ü'.repeat(300),
];

const pick = <T>(list: readonly T[], random: Random): T => list[random.integer(list.length)];

/** A damaged copy of a config: its bytes changed, or its structure. A pure function of what `random` draws. */
export function mutate(original: Original, all: readonly Original[], random: Random): Buffer {
  if (random.chance(0.3)) {
    const bytes = Buffer.from(original.text);
    return changeBytes(bytes, bytes.length, () => Buffer.from(pick(all, random).text), random);
  }
  const value = structuredClone(original.value);
  const written: string[] = [];
  const rounds = random.chance(0.7) ? 1 : 2 + random.integer(2);
  for (let round = 0; round < rounds; round++) changeOne(value, written, random);
  const text = JSON.stringify(value, null, 1).replace(
    /"@literal (\d+)"/g,
    (_, n: string) => written[Number(n)],
  );
  return Buffer.from(random.chance(0.2) ? text.replace(/\n/g, () => pick(comments, random)) : text);
}
const comments = ['\n', ' // a comment\n', '/* one */', '\n/* \n */\n', '\r\n', '\u2028'];

type Tree = Record<string, unknown>;

/** Every place in a value: its holder and its key there. */
function placesIn(tree: Tree): (readonly [Tree, string])[] {
  return Object.keys(tree).flatMap((key) => {
    const inner = tree[key];
    const here = [tree, key] as const;
    return typeof inner === 'object' && inner !== null
      ? [here, ...placesIn(inner as Tree)]
      : [here];
  });
}

/** Changes one place; literals are put into `written`, and their number into the tree. */
function changeOne(root: object, written: string[], random: Random): void {
  const places = placesIn(root as Tree);
  if (places.length === 0) return;
  const [tree, key] = pick(places, random);
  const [other, otherKey] = pick(places, random);
  const put = (name: string, value: unknown) =>
    Object.defineProperty(tree, name, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  switch (random.integer(7)) {
    case 0:
      if (Array.isArray(tree)) tree.splice(Number(key), 1);
      else delete tree[key];
      break;
    case 1:
    case 2: {
      const literal = pick(random.chance(0.02) ? floods : literals, random);
      put(key, `@literal ${written.push(literal) - 1}`);
      break;
    }
    case 3:
      put(key, pick(texts, random));
      break;
    case 4:
      put(key, structuredClone(other[otherKey]));
      break;
    case 5:
      if (Array.isArray(tree)) tree.push(...(structuredClone(tree) as unknown[]));
      else put(pick(texts, random), structuredClone(tree[key]));
      break;
    default:
      put(Array.isArray(tree) ? key : otherKey, structuredClone(tree[key]));
  }
}
