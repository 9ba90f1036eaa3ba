import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ReadChoice } from '../../../engine/images/format';
import { inspect } from '../../../engine/images/inspect';
import { readVolume } from '../../../engine/images/read-volume';
import { UserError } from '../../../engine/errors';
import { dicomMade, type Made } from './dicom-made';
import golden from './golden/dicom.json';
import { withFolder } from './shared';

/** Axial slices 2 mm apart, whose samples are all their number. */
const stack = (count: number, change: (k: number) => Made = () => ({})): Made[] =>
  Array.from({ length: count }, (_, k) => ({
    instance: k + 1,
    position: [0, 0, 2 * k],
    samples: new Array<number>(12).fill(k),
    ...change(k),
  }));

/** Reads files of the names a, b, c ... as one series. */
const read = (files: Made[], choice?: ReadChoice) =>
  withFolder(async (folder) => {
    const names = files.map((_, n) => String.fromCharCode(97 + n));
    for (const [n, made] of files.entries())
      await writeFile(join(folder, names[n]), dicomMade(made));
    const volume = await readVolume(folder, choice);
    const [columns, rows, slices] = volume.shape;
    return {
      ...volume,
      warnings: volume.warnings ?? [],
      names: volume.slices!.map(({ path }) => path.slice(-1)).join(''),
      /** The first sample of each slice. */
      firsts: Array.from({ length: slices }, (_, k) => volume.data[k * columns * rows]),
    };
  });

const refuses = (files: Made[], reason: RegExp, choice?: ReadChoice) =>
  assert.rejects(read(files, choice), (error: Error) => {
    assert.ok(error instanceof UserError, error.stack);
    assert.match(error.message, reason);
    return true;
  });

const sagittal = [0, 1, 0, 0, 0, -1];

describe('a DICOM series', () => {
  it('is one where direction cosines jitter, wherever they lie', async () => {
    for (let degrees = 0; degrees < 90; degrees += 2.5) {
      const volume = await read(
        stack(4, (k) => {
          const angle = (degrees * Math.PI) / 180 + (k % 2 ? 3e-6 : -3e-6);
          const [c, s] = [Math.cos(angle), Math.sin(angle)];
          return { orientation: [c, s, 0, -s, c, 0].map((v) => Number(v.toFixed(6))) };
        }),
      );
      assert.deepEqual(volume.firsts, [0, 1, 2, 3]);
      assert.deepEqual(volume.warnings, []);
    }
  });

  it('is one where slices differ in bits and sign', async () => {
    const volume = await read(
      stack(4, (k) => ({
        bits: k === 0 ? 8 : 16,
        signed: k === 2,
        intercept: k === 2 ? 0 : -1000,
        samples: new Array<number>(12).fill(k === 2 ? -998 : k),
      })),
    );
    assert.deepEqual(volume.firsts, [-1000, -999, -998, -997]);
    assert.equal(volume.dtype, 'int16');
  });

  describe('is told from a scout under the same UID:', () => {
    const scouts: [string, Made[]][] = [
      ['one that says so', [{ imageType: 'ORIGINAL\\PRIMARY\\LOCALIZER', position: [0, 0, 9] }]],
      ['one of another size', [{ columns: 5, position: [0, 0, 9] }]],
      ['one of another direction', [{ orientation: sagittal, position: [0, 0, 9] }]],
      [
        'two of two directions',
        [{ orientation: sagittal }, { orientation: [1, 0, 0, 0, 0, -1] }].map((made) => ({
          ...made,
          position: [0, 0, 9],
        })),
      ],
    ];
    for (const [title, made] of scouts)
      it(title, async () => {
        const files = [...made, ...stack(4)];
        const volume = await read(files);
        assert.deepEqual(volume.firsts, [0, 1, 2, 3]);
        assert.equal(volume.warnings.length, made.length);
        for (const warning of volume.warnings) {
          assert.match(warning, /number 5\/\d .* is taken for a scout and left out/);
          const series = /reads it by "(.*)"/.exec(warning)![1];
          const scout = await read(files, { series });
          assert.equal(scout.shape[2], 1);
          assert.ok(warning.includes(`/${scout.names}, `), warning);
        }
        assert.equal((await read(files, { series: '5' })).shape[2], 4);
        assert.deepEqual((await read(files, { series: '5/1' })).warnings, []);
      });
  });

  it('of two sizes under one UID is refused, and "series" chooses either', async () => {
    const files = [
      ...stack(4),
      ...stack(3, () => ({ columns: 6, rows: 2 })),
      ...stack(2, () => ({ seriesUid: '1.2.4', seriesNumber: '6' })),
    ];
    const listed = /number 5\/1 \(CT, 4 images of 4 x 3\); number 5\/2 \(CT, 3 images of 6 x 2\)/;
    await refuses(files, listed);
    await refuses(files, listed, { series: '5' });
    await refuses(files, /no DICOM series "5\/3"/, { series: '5/3' });
    for (const [series, slices] of [
      ['5/1', 4],
      ['5/2', 3],
      ['1.2.3/2', 3],
      ['6', 2],
    ] as const)
      assert.equal((await read(files, { series })).shape[2], slices);
  });

  it('of one number and two UIDs is chosen by the UIDs that the message gives', async () => {
    const files = [...stack(3), ...stack(2, () => ({ seriesUid: '1.2.4' }))];
    await refuses(files, /UID 1\.2\.3 \(CT, 3 .*; UID 1\.2\.4 \(CT, 2 /);
    assert.equal((await read(files, { series: '1.2.4' })).shape[2], 2);
  });

  describe('counts each slice once:', () => {
    it('slices that share a SOP UID are all kept', async () => {
      const volume = await read(stack(5, () => ({ sopUid: '1.2.3.4' })));
      assert.deepEqual(volume.firsts, [0, 1, 2, 3, 4]);
      assert.deepEqual(volume.warnings, []);
    });
    it('so are equal pixels at several positions', async () => {
      const volume = await read(stack(5, () => ({ sopUid: '1', samples: new Array(12).fill(7) })));
      assert.equal(volume.shape[2], 5);
    });
    it('a slice that was exported twice is left out', async () => {
      for (const more of [{}, { acquisitionTime: '101010' }, { sopUid: '9.9' }]) {
        const volume = await read([...stack(4), { ...stack(4)[2], ...more }]);
        assert.deepEqual(volume.firsts, [0, 1, 2, 3]);
        assert.match(volume.warnings.join(), /^1 files are copies .*\/e\.$/);
      }
    });
    it('a series that was exported twice is left out', async () => {
      const volume = await read([...stack(4), ...stack(4, (k) => ({ sopUid: `9.${k}` }))]);
      assert.equal(volume.names, 'abcd');
      assert.match(volume.warnings.join(), /^4 files are copies/);
    });
    it('a copy without a position is left out', async () => {
      const unplaced = stack(3, () => ({ position: undefined }));
      const volume = await read([...unplaced, unplaced[1]]);
      assert.equal(volume.names, 'abc');
      assert.match(volume.warnings.join(), /1 files are copies/);
    });
    it('equal pixels of two echoes are no copies', async () => {
      const echoes = ['2', '5'].flatMap((echoTime) =>
        stack(3, (k) => ({ echoTime, samples: new Array<number>(12).fill(k && Number(echoTime)) })),
      );
      assert.deepEqual((await read(echoes, { frame: 1 })).firsts, [0, 5, 5]);
    });
    it('a slice that was acquired twice is refused, and "frame" chooses', async () => {
      const files = stack(4, (k) => ({ acquisitionTime: `1000${10 + k}` }));
      const again = {
        ...files[1],
        acquisitionTime: '110000',
        samples: new Array<number>(12).fill(50),
      };
      await refuses(
        [...files, again],
        /2 images at one position, as .*\/b and .*\/e, and 1 at another.*they differ in Acquisition Time \(100011, 110000\).*"frame" chooses of them, 0 to 1/,
      );
      assert.deepEqual((await read([...files, again], { frame: 0 })).firsts, [0, 1, 2, 3]);
      assert.deepEqual((await read([...files, again], { frame: 1 })).firsts, [0, 50, 2, 3]);
    });
    it('an echo that lacks a slice is not filled up with another echo', async () => {
      const files = ['2', '5'].flatMap((echoTime) =>
        stack(4, (k) => ({ echoTime, samples: new Array<number>(12).fill(k + Number(echoTime)) })),
      );
      files.splice(5, 1);
      await refuses(files, /they differ in Echo Time \(2, 5\)/);
      const volume = await read(files, { frame: 1 });
      assert.deepEqual(volume.firsts, [5, 7, 8]);
      assert.match(volume.warnings.join(), /1 slice is missing/);
    });
    it('images that nothing tells apart are refused, and "frame" chooses', async () => {
      const files = [
        ...stack(2),
        ...stack(2, (k) => ({ instance: k + 7, samples: new Array<number>(12).fill(9) })),
      ];
      await refuses(files, /no attribute tells them apart; "frame" chooses .*, 0 to 1/);
      assert.deepEqual((await read(files, { frame: 1 })).firsts, [9, 9]);
    });
  });

  describe('without positions', () => {
    const order = [3, 0, 2, 1];
    const unplaced = (change: (k: number) => Made) =>
      order.map((k) => ({ samples: new Array<number>(12).fill(k), ...change(k) }));
    it('goes by slice location, whatever its numbers and names say', async () => {
      const volume = await read(
        unplaced((k) => ({ location: 2.5 * k - 3, instance: 9 - k, thickness: 9 })),
      );
      assert.deepEqual(volume.firsts, [0, 1, 2, 3]);
      assert.equal(volume.spacing[2], 2.5);
      assert.match(volume.warnings.join(), /state no position.* order of their slice locations/);
    });
    it('goes by slice location where all state one position', async () => {
      const volume = await read(unplaced((k) => ({ location: 2 * k, position: [0, 0, 0] })));
      assert.deepEqual(volume.firsts, [0, 1, 2, 3]);
      assert.match(volume.warnings.join(), /state one position for all.* slice locations/);
    });
    it('tells of a gap between slice locations', async () => {
      const volume = await read(unplaced((k) => ({ location: k === 3 ? 8 : 2 * k })));
      assert.match(volume.warnings.join(), /1 slice is missing: slices are 2 mm apart/);
    });
    it('goes by numbers where locations are all one', async () => {
      const volume = await read(unplaced((k) => ({ location: 0, instance: k, thickness: 4 })));
      assert.deepEqual(volume.firsts, [0, 1, 2, 3]);
      assert.equal(volume.spacing[2], 4);
      assert.match(volume.warnings.join(), /in the order of their numbers/);
    });
    it('goes by names where there is nothing else, and says so', async () => {
      const volume = await read(unplaced(() => ({})));
      assert.equal(volume.names, 'abcd');
      assert.match(volume.warnings.join(), /in the order of their names/);
    });
  });

  describe('in one file with the position of its first frame', () => {
    const frames = (made: Made): Made => ({
      frames: 4,
      position: [-10, -20, 30],
      samples: Array.from({ length: 48 }, (_, n) => Math.floor(n / 12)),
      ...made,
    });
    it('goes by the spacing between slices', async () => {
      const volume = await read([frames({ between: 2.5, thickness: 7 })]);
      assert.deepEqual(volume.firsts, [0, 1, 2, 3]);
      assert.equal(volume.spacing[2], 2.5);
      assert.deepEqual(
        volume.affine.map((row) => row[3]),
        [10, 20, 30, 1],
      );
      assert.deepEqual(volume.warnings, []);
    });
    it('goes by the offsets of its frames, relative, downwards or as places', async () => {
      const up = await read([frames({ offsets: [0, 3, 6, 9] })]);
      assert.equal(up.affine[2][2], 3);
      assert.equal(up.affine[2][3], 30);
      const down = await read([frames({ offsets: [0, -3, -6, -9] })]);
      assert.deepEqual(down.firsts, [3, 2, 1, 0]);
      assert.equal(down.affine[2][3], 21);
      const places = await read([frames({ offsets: [30, 33, 36, 39] })]);
      assert.deepEqual(places.affine, up.affine);
      const gap = await read([frames({ offsets: [0, 3, 9, 12] })]);
      assert.match(gap.warnings.join(), /1 slice is missing/);
    });
    it('that follow each other in time are refused, and "frame" chooses', async () => {
      const cine = frames({ between: 2.5, increment: [0x18, 0x1063] });
      await refuses([cine], /4 images at each position.*"frame" chooses/);
      assert.deepEqual((await read([cine], { frame: 2 })).firsts, [2]);
    });
  });

  it('whose slices do not lie on one line says so', async () => {
    const volume = await read(stack(5, (k) => ({ position: [k === 2 ? 8 : 0, 0, 2 * k] })));
    assert.match(volume.warnings.join(), /do not lie on one line: .*\/c lies 8 mm beside it/);
  });

  it('of MONOCHROME1 is inverted, and says so', async () => {
    const photometric = 'MONOCHROME1';
    const samples = [0, 1, 2, 100, 0, 0, 0, 0, 0, 0, 0, 0];
    for (const [made, first] of [
      [{ bits: 8 }, [255, 254, 253, 155]],
      [{ bits: 16 }, [65535, 65534, 65533, 65435]],
      [{ bits: 16, signed: true }, [-1, -2, -3, -101]],
      [{ bits: 8, intercept: -1000 }, [-745, -746, -747, -845]],
    ] as [Made, number[]][]) {
      const volume = await read([{ ...made, photometric, samples, position: [0, 0, 0] }]);
      assert.deepEqual([...volume.data.subarray(0, 4)], first);
      assert.match(volume.warnings.join(), /MONOCHROME1\); they are inverted/);
    }
  });

  it('is known by its mark, whatever its preamble looks like', () =>
    withFolder(async (folder) => {
      for (const preamble of [
        'II*\0',
        'MM\0*',
        '\x89PNG\r\n\x1a\n',
        'GIF89a',
        'P5 4 3 255\n',
        '\xff\xd8\xff',
      ])
        for (const name of ['a', 'a.tif', 'a.nii']) {
          const path = join(folder, name);
          await writeFile(path, dicomMade({ preamble, position: [0, 0, 0] }));
          assert.equal((await inspect(path)).format, 'dicom');
          assert.equal((await inspect(folder)).format, 'dicom');
        }
    }));

  it('reads JPEG 2000 in its boxes as without them', () =>
    withFolder(async (folder) => {
      const name = 'unsigned 12-bit JPEG 2000 lossless';
      const { file } = golden.pixels.find((made) => made.name === name)!;
      const plain = gunzipSync(Buffer.from(file, 'base64'));
      const at = plain.indexOf(Buffer.from([0xff, 0x4f, 0xff, 0x51]));
      const length = plain.readUInt32LE(at - 4);
      for (const stated of [0, 8 + length]) {
        const boxes = Buffer.alloc(40);
        boxes.writeUInt32BE(12, 0);
        boxes.write('jP  \r\n\x87\n', 4, 'latin1');
        boxes.writeUInt32BE(20, 12);
        boxes.write('ftypjp2 \0\0\0\0jp2 ', 16, 'latin1');
        boxes.writeUInt32BE(stated, 32);
        boxes.write('jp2c', 36);
        const boxed = Buffer.concat([plain.subarray(0, at), boxes, plain.subarray(at)]);
        boxed.writeUInt32LE(length + boxes.length, at - 4);
        const paths = [join(folder, 'plain'), join(folder, 'boxed')];
        await writeFile(paths[0], plain);
        await writeFile(paths[1], boxed);
        const [expected, found] = await Promise.all(paths.map((path) => readVolume(path)));
        assert.deepEqual(found.data, expected.data);
      }
    }));
});
