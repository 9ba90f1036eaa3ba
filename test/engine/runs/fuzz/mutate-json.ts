import type { Random } from '../../../../engine/random';

const nested = (open: string, close: string, depth: number) =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;

/** Texts that stand for a value, most of them of another kind than what they take the place of. */
const values = [
  'null',
  'true',
  '0',
  '-1',
  '1.5',
  '1e999',
  '-0',
  '9007199254740993',
  '1e300',
  '""',
  '"x"',
  '"../../../etc/passwd"',
  '"__proto__"',
  '"constructor"',
  '"\\u0000\\u001b[31m\\n"',
  '"<script>alert(1)</script>"',
  '"2026-13-45T99:00:00Z"',
  '[]',
  '[[]]',
  '{}',
  '{"__proto__":{"x":1}}',
  '{"constructor":1,"toString":null}',
  nested('[', ']', 40),
  nested('[', ']', 100_000),
  nested('{"a":', '}', 5000),
  `"${'x'.repeat(200_000)}"`,
  `[${'0,'.repeat(50_000)}0]`,
];
const keys = ['__proto__', 'constructor', 'toString', '', 'x', 'length', '\u2028', 'k'.repeat(500)];

/** Marks the place of a text that is put in as it is. */
const marker = (n: number) => `\u0001${n}\u0001`;

/** A damaged copy of a JSON text: one to three changes of its values, or of its bytes. */
export function mutateJson(text: string, random: Random): Buffer {
  if (random.chance(0.2)) return mutateBytes(Buffer.from(text), random);
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)];
  const put: string[] = [];
  const value = () => {
    put.push(pick(values));
    return marker(put.length - 1);
  };
  let root: unknown = JSON.parse(text);
  for (let round = 0; round <= random.integer(3); round++) {
    const places: [holder: Record<string, unknown>, key: string][] = [];
    const walk = (holder: unknown) => {
      if (typeof holder !== 'object' || holder === null) return;
      for (const key of Object.keys(holder)) {
        places.push([holder as Record<string, unknown>, key]);
        walk((holder as Record<string, unknown>)[key]);
      }
    };
    walk(root);
    if (places.length === 0 || random.chance(0.03)) {
      root = value();
      break;
    }
    // What is near the root is most of what is read.
    const [holder, key] =
      places[
        random.chance(0.5)
          ? random.integer(Math.min(30, places.length))
          : random.integer(places.length)
      ];
    switch (random.integer(6)) {
      case 0:
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
        break;
      case 1: {
        if (Array.isArray(holder)) break;
        const kept = holder[key];
        delete holder[key];
        Object.defineProperty(holder, pick(keys), {
          value: kept,
          enumerable: true,
          configurable: true,
          writable: true,
        });
        break;
      }
      case 2:
        // Another value of the same file.
        holder[key] = structuredClone(pick(places).map((part) => part)[0]);
        break;
      case 3:
        if (Array.isArray(holder)) holder.push(...(structuredClone(holder) as unknown[]));
        else holder[pick(keys)] = value();
        break;
      default:
        holder[key] = value();
    }
  }
  const written = JSON.stringify(root).replace(/"\\u0001(\d+)\\u0001"/g, (_, n) => put[Number(n)]);
  return Buffer.from(
    random.chance(0.05) ? written.slice(0, random.integer(written.length)) : written,
  );
}

export function mutateBytes(source: Buffer, random: Random): Buffer {
  let bytes = Buffer.from(source);
  for (let round = 0; round <= random.integer(3) && bytes.length > 1; round++) {
    const at = random.integer(bytes.length);
    switch (random.integer(5)) {
      case 0:
        bytes[at] ^= 1 << random.integer(8);
        break;
      case 1:
        bytes[at] = random.integer(256);
        break;
      case 2:
        bytes = bytes.subarray(0, at);
        break;
      case 3:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from('[{"\\,:]}'),
          bytes.subarray(at),
        ]);
        break;
      default:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          bytes.subarray(random.integer(bytes.length)),
        ]);
    }
  }
  return bytes;
}
