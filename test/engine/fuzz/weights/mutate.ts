import type { Random } from '../../../../engine/random';
import { changeBytes } from '../bytes';

type Header = Record<string, Record<string, unknown>>;

const lengths = [0n, 1n, 7n, 8n, 100n, 2n ** 31n, 2n ** 32n, 2n ** 50n, 2n ** 63n, 2n ** 64n - 1n];
const numbers = [-1, 0, 0.5, 1, 3, 2 ** 31, 2 ** 32, 2 ** 50, 1e300, null, '8', [], {}];
const texts = ['', 'NaN', '-1', '1e9', '1e999', 'F16', 'F64', 'U8', 'toString', 'x'.repeat(1e5)];
const names = [
  '__proto__',
  'constructor',
  '__metadata__',
  '',
  'student/none',
  '\n',
  'a'.repeat(1e4),
];

const pick = <T>(list: readonly T[], random: Random): T => list[random.integer(list.length)];

/**
 * A damaged copy of a safetensors file: its bytes changed, or its header, mostly without the checksum that would tell of either. A
 * pure function of what `random` draws.
 */
export function mutate(source: Buffer, all: readonly Buffer[], random: Random): Buffer {
  const length = Number(source.readBigUInt64LE(0));
  const header = JSON.parse(source.toString('utf8', 8, 8 + length)) as Header;
  const data = source.subarray(8 + length);
  if (random.chance(0.8)) delete header['__metadata__']['meddistill.checksum'];
  const plain = assembled(JSON.stringify(header), data);
  if (random.chance(0.3)) return changeBytes(plain, 8 + length, () => pick(all, random), random);
  const rounds = random.chance(0.7) ? 1 : 2 + random.integer(2);
  for (let round = 0; round < rounds; round++) changeOne(header, random);
  const text = JSON.stringify(header);
  const deep = random.chance(0.01) ? text.replace('[', '['.repeat(1e5)) : text;
  const values = random.chance(0.2) ? filled(data, random) : data;
  const end = random.chance(0.1) ? random.integer(values.length) : values.length;
  const claimed = random.chance(0.1) ? pick(lengths, random) : undefined;
  return assembled(deep, values.subarray(0, end), claimed);
}

function assembled(header: string, data: Buffer, claimed?: bigint): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), data]);
}

/** Values that no training leaves. */
function filled(data: Buffer, random: Random): Buffer {
  const copy = Buffer.from(data);
  const value = pick([NaN, Infinity, -Infinity, 3e38, 1e-45], random);
  for (let at = 0; at + 4 <= copy.length; at += 4 * (1 + random.integer(50)))
    copy.writeFloatLE(value, at);
  return copy;
}

function changeOne(header: Header, random: Random): void {
  const tensors = Object.keys(header).filter((name) => name !== '__metadata__');
  const name = pick(tensors, random);
  if (name === undefined) return;
  const entry = header[name];
  const put = (holder: object, key: string, value: unknown) =>
    Object.defineProperty(holder, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  switch (random.integer(8)) {
    case 0:
      delete header[name];
      break;
    case 1:
      delete header[name];
      put(header, pick(names, random), entry);
      break;
    case 2:
      entry['dtype'] = pick(texts, random);
      break;
    case 3:
    case 4: {
      const list = entry[random.chance(0.5) ? 'shape' : 'data_offsets'];
      if (Array.isArray(list)) list[random.integer(list.length + 1)] = pick(numbers, random);
      break;
    }
    case 5: {
      // The same number of values in another shape, or another tensor's place.
      const other = header[pick(tensors, random)];
      if (!other) break;
      const key = pick(['shape', 'data_offsets', 'dtype'], random);
      entry[key] = structuredClone(other[key]);
      break;
    }
    case 6: {
      const metadata = header['__metadata__'];
      const key = pick(Object.keys(metadata), random);
      if (key === undefined) break;
      if (random.chance(0.2)) delete metadata[key];
      else metadata[key] = pick(random.chance(0.1) ? numbers : texts, random);
      break;
    }
    default:
      put(header, name, pick([null, 3, 'x', [], {}, { dtype: 'F32' }], random));
  }
}
