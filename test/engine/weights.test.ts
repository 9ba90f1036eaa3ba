import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../engine/errors';
import { Random } from '../../engine/random';
import { readWeights, writeWeights, type Tensor } from '../../engine/weights';
import { withFolder } from './images/shared';
import golden from './golden/weights.json';

const tensors: Record<string, Tensor> = {
  'student/encoder.weight': { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, -2, 0.1, NaN) },
  long: { dtype: 'I64', shape: [1], data: BigInt64Array.of(-5n) },
  byte: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
  double: { dtype: 'F64', shape: [1], data: Float64Array.of(Math.PI) },
  int: { dtype: 'I32', shape: [1, 1], data: Int32Array.of(-7) },
  scalar: { dtype: 'F32', shape: [], data: Float32Array.of(4) },
  empty: { dtype: 'F32', shape: [0], data: new Float32Array(0) },
};

/** A safetensors file with this header and so many bytes of data. */
function file(header: unknown, data = 0): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(data)]);
}

describe('safetensors', () => {
  it('come back as they were written, bit for bit', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'w.safetensors');
      await writeWeights(path, tensors, { seed: '3' });
      const found = await readWeights(path);
      assert.deepEqual(found.tensors, tensors);
      assert.deepEqual(found.metadata, { seed: '3' });
    }));

  it("are read from the format's own library", () =>
    withFolder(async (folder) => {
      const path = join(folder, 'w.safetensors');
      await writeFile(path, Buffer.from(golden.file, 'base64'));
      const found = await readWeights(path);
      assert.deepEqual(found.metadata, golden.metadata);
      const plain = Object.entries(found.tensors).map(([name, { dtype, shape, data }]) => [
        name,
        { dtype, shape, data: Array.from(data, Number) },
      ]);
      assert.deepEqual(Object.fromEntries(plain), golden.tensors);
    }));

  it('are written whole or not at all', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'w.safetensors');
      await writeWeights(path, tensors);
      const before = await readFile(path);
      const broken = { ...tensors, bad: { dtype: 'F32', shape: [1], data: null } };
      await assert.rejects(writeWeights(path, broken as unknown as typeof tensors));
      await assert.rejects(writeWeights(join(folder, 'missing', 'w'), tensors));
      assert.deepEqual(await readdir(folder), ['w.safetensors']);
      assert.deepEqual(await readFile(path), before);
    }));

  it('of more than 2 GiB come back, bit for bit', function () {
    const bytes = 2 ** 31 + 2 ** 20;
    // It takes half a minute.
    if (!process.env['MEDDISTILL_TEST_LARGE'] || freemem() < 3 * bytes) this.skip();
    return withFolder(async (folder) => {
      const path = join(folder, 'w.safetensors');
      const { bavail, bsize } = await statfs(folder);
      if (bavail * bsize < 2 * bytes) this.skip();
      const data = new Float32Array(bytes / 4);
      for (let n = 0; n < data.length; n += 4093) data[n] = n;
      await writeWeights(path, { big: { dtype: 'F32', shape: [data.length], data } });
      const { tensors: found } = await readWeights(path);
      const read = found['big'].data as Float32Array;
      assert.ok(Buffer.from(read.buffer).equals(Buffer.from(data.buffer)));
    });
  }).timeout(120_000);

  describe('damaged are refused in one sentence', () => {
    const entry = (o: object) => ({
      a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...o },
    });
    const faults: [string, Buffer, string][] = [
      ['empty', Buffer.alloc(0), 'it is shorter than its header'],
      ['of a few bytes', Buffer.from('abc'), 'it is shorter than its header'],
      ['with a header beyond the end', Buffer.alloc(8, 1), 'its header claims'],
      ['with a header that is not JSON', file('{"a":'), 'its header is not JSON'],
      ['with a list as its header', file([]), 'its header is no object'],
      ['with nothing as its header', file('null'), 'its header is no object'],
      ['with metadata that are not texts', file({ __metadata__: { a: 1 } }), 'not texts'],
      ['with nothing for a tensor', file({ a: null }), 'tensor "a" has no place in it'],
      ['with a tensor without a place', file({ a: {} }), 'tensor "a" has no place in it'],
      [
        'of a type that is not known',
        file(entry({ dtype: 'F8' }), 8),
        'has the type F8; F32, F64,',
      ],
      ['of half precision', Buffer.from(golden.half, 'base64'), 'tensor "h" has the type F16'],
      ['of a type that objects have', file(entry({ dtype: 'toString' }), 8), 'the type toString'],
      ['with a negative extent', file(entry({ shape: [-2] }), 8), 'has no valid shape'],
      ['with a shape that is no list', file(entry({ shape: 2 }), 8), 'has no valid shape'],
      ['with a shape of another size', file(entry({ shape: [3] }), 8), 'does not lie where'],
      ['cut short', file(entry({}), 7), 'tensor "a" does not lie where its header says'],
      ['with a gap before', file(entry({ data_offsets: [4, 12] }), 12), 'does not lie where'],
      ['with data left over', file(entry({}), 9), '1 bytes belong to no tensor'],
      [
        'with tensors that overlap',
        file({ ...entry({}), b: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } }, 8),
        'tensor "b" does not lie where its header says',
      ],
    ];
    for (const [title, bytes, message] of faults)
      it(title, () =>
        withFolder(async (folder) => {
          const path = join(folder, 'w.safetensors');
          await writeFile(path, bytes);
          await assert.rejects(readWeights(path), (error: Error) => {
            assert.ok(error instanceof UserError, String(error));
            assert.ok(error.message.startsWith(`${path} is not a whole safetensors file: `));
            assert.ok(error.message.includes(message), error.message);
            return true;
          });
        }),
      );

    it('not there', async () => {
      await assert.rejects(readWeights('/nowhere/w.safetensors'), {
        name: 'UserError',
        message: /^The weights \/nowhere\/w\.safetensors cannot be read: ENOENT/,
      });
    });

    it('with any bit of the file flipped, by the checksum', () =>
      withFolder(async (folder) => {
        const path = join(folder, 'w.safetensors');
        await writeWeights(path, tensors, { stage: 'teacher', step: '5' });
        const bytes = await readFile(path);
        for (let bit = 0; bit < 8 * bytes.length; bit += bit < 64 ? 1 : 7) {
          const damaged = Buffer.from(bytes);
          damaged[bit >> 3] ^= 1 << (bit & 7);
          await writeFile(path, damaged);
          await assert.rejects(readWeights(path), (error: Error) => {
            assert.ok(error instanceof UserError, `bit ${bit}: ${error}`);
            assert.ok(error.message.startsWith(path), error.message);
            return true;
          });
        }
      }));

    it('a pipe', function () {
      if (process.platform === 'win32') this.skip();
      return withFolder(async (folder) => {
        const path = join(folder, 'w.safetensors');
        execFileSync('mkfifo', [path]);
        await assert.rejects(readWeights(path), /cannot be read: it is no regular file\.$/);
      });
    });

    it('with any byte of the header changed, or the file cut anywhere', () =>
      withFolder(async (folder) => {
        const path = join(folder, 'w.safetensors');
        const bytes = Buffer.from(golden.file, 'base64');
        const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
        const random = new Random(1);
        const refused = async (damaged: Buffer) => {
          await writeFile(path, damaged);
          return readWeights(path).then(
            () => false,
            (error) => {
              assert.ok(error instanceof UserError, String(error));
              return true;
            },
          );
        };
        for (let cut = 0; cut < bytes.length; cut += 1 + random.integer(20))
          assert.ok(await refused(bytes.subarray(0, cut)), `cut at ${cut}`);
        let count = 0;
        for (let n = 0; n < 200; n++) {
          const damaged = Buffer.from(bytes);
          damaged[random.integer(headerEnd)] ^= 1 + random.integer(255);
          count += Number(await refused(damaged));
        }
        // The rest changed a name, a text or a space.
        assert.ok(count > 50, `${count}`);
      }));
  });
});
