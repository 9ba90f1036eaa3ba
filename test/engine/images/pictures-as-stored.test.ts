import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { asShown, exifOrientation } from '../../../engine/images/exif';
import { pictureVolume } from '../../../engine/images/picture';
import { readVolume } from '../../../engine/images/read-volume';
import type { Volume } from '../../../engine/images/volume';
import { mapLabels, mapMask } from '../../../engine/preparation/labels';
import pictures from './golden/pictures.json';
import { colourPage, gifOf, greyPage, interlaced, tiffOf, type Page } from './made-pictures';
import { withFolder } from './shared';

/** Reads bytes as a file. */
const read = (bytes: Uint8Array, choice = {}): Promise<Volume> =>
  withFolder(async (folder) => {
    const path = join(folder, 'picture');
    await writeFile(path, bytes);
    return readVolume(path, choice);
  });

const samples = async (bytes: Uint8Array) => [...(await read(bytes)).data];
const png = (channels: number, data: number[], palette?: [number, number, number][]) =>
  encode({
    width: data.length / channels,
    height: 1,
    depth: 8,
    channels,
    data: Uint8Array.from(data),
    ...(palette && { palette: palette }),
  });

describe('pictures as stored', () => {
  describe('the way up', () => {
    // 1 2 3
    // 4 5 6
    const stored = pictureVolume('p', 'png', [3, 2], Uint8Array.of(1, 2, 3, 4, 5, 6), {
      channels: 1,
      dtype: 'uint8',
    });
    // Exif's table: where the stored first row and column are shown.
    const shown: [orientation: number, shape: number[], data: number[]][] = [
      [1, [3, 2], [1, 2, 3, 4, 5, 6]],
      [2, [3, 2], [3, 2, 1, 6, 5, 4]],
      [3, [3, 2], [6, 5, 4, 3, 2, 1]],
      [4, [3, 2], [4, 5, 6, 1, 2, 3]],
      [5, [2, 3], [1, 4, 2, 5, 3, 6]],
      [6, [2, 3], [4, 1, 5, 2, 6, 3]],
      [7, [2, 3], [6, 3, 5, 2, 4, 1]],
      [8, [2, 3], [3, 6, 2, 5, 1, 4]],
    ];
    for (const [orientation, shape, data] of shown)
      it(`is that of orientation ${orientation}`, () => {
        const picture = asShown(stored, orientation, 'tag');
        assert.deepEqual(picture.shape.slice(0, 2), shape);
        assert.deepEqual([...picture.data], data);
        assert.equal(picture.warnings?.length ?? 0, orientation === 1 ? 0 : 1);
      });

    it('is read from an Exif block, and is 1 where there is none', () => {
      const block = Buffer.from(tiffOf([{ ...greyPage, 274: [6] }]));
      assert.equal(exifOrientation(block.subarray(0)), 6);
      for (const length of [0, 3, 8, 12])
        assert.equal(exifOrientation(block.subarray(0, length)), 1);
    });

    it('is applied to a TIFF, and said', async () => {
      const picture = await read(tiffOf([{ ...greyPage, 274: [3] }]));
      assert.deepEqual([...picture.data], [9, 7]);
      assert.match(picture.warnings![0], /TIFF orientation is 3/);
    });

    it('is applied to a JPEG, and said', async () => {
      const jpeg = Buffer.from(pictures.find((p) => p.name === 'jpeg grey')!.file, 'base64');
      const plain = await read(jpeg);
      const exif = Buffer.from(tiffOf([{ ...greyPage, 274: [6] }]));
      const head = Buffer.from([0xff, 0xe1, 0, 0, ...Buffer.from('Exif\0\0')]);
      head.writeUInt16BE(8 + exif.length, 2);
      const turned = await read(Buffer.concat([jpeg.subarray(0, 2), head, exif, jpeg.subarray(2)]));
      assert.deepEqual(turned.data, asShown(plain, 6, 'tag').data);
      assert.match(turned.warnings![0], /EXIF orientation is 6/);
    });
  });

  it('are RGB in a JPEG whose Adobe marker says that nothing was transformed', async () => {
    const jpeg = Buffer.from(pictures.find((p) => p.name === 'jpeg colour')!.file, 'base64');
    // A JFIF marker means YCbCr, so that it goes.
    const bare = Buffer.concat([jpeg.subarray(0, 2), jpeg.subarray(4 + jpeg.readUInt16BE(4))]);
    assert.equal(jpeg.readUInt16BE(2), 0xffe0);
    const adobe = (transform: number) =>
      Buffer.from([0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, transform]);
    const withMarker = (transform: number) =>
      Buffer.concat([bare.subarray(0, 2), adobe(transform), bare.subarray(2)]);
    const [plain, ycc, rgb] = [
      await read(jpeg),
      await read(withMarker(1)),
      await read(withMarker(0)),
    ];
    assert.deepEqual(ycc.data, plain.data);
    const pixels = plain.data.length / 3;
    // Of YCbCr, the first component is the luminance.
    for (let n = 0; n < pixels; n++) {
      const [r, g, b] = [0, 1, 2].map((c) => plain.data[c * pixels + n]);
      const y = 0.299 * r + 0.587 * g + 0.114 * b;
      assert.ok(Math.abs(rgb.data[n] - y) < 3);
    }
  });

  it('come out of the passes of an interlaced PNG of few bits', async () => {
    // 8 x 2: passes 1, 2, 4 and 6 hold the first row, the last one the second; the filters are none, up and left.
    // First row 1 0 1 1 0 0 1 0 at 0; 4; 2, 6; 1, 3, 5, 7.
    const rows = Uint8Array.from([
      ...[0, 0b10000000],
      ...[2, 0b00000000],
      ...[0, 0b11000000],
      ...[1, 0b01000000],
      ...[0, 0b10010110],
    ]);
    const picture = await read(interlaced(1, rows));
    assert.equal(picture.dtype, 'bool');
    assert.deepEqual([...picture.data], [1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0]);
  });

  describe('of a TIFF', () => {
    const page = (change: Page): Uint8Array => tiffOf([{ ...greyPage, ...change }]);

    it('are 1 bit where it states no number of bits', async () => {
      const bare = { ...greyPage };
      delete bare[258];
      assert.deepEqual(await samples(tiffOf([{ ...bare, samples: Uint8Array.of(0x40) }])), [0, 1]);
    });

    it('are half floats, whole numbers of 32 bits and of both signs', async () => {
      const halves = Uint8Array.of(0x00, 0x3c, 0x00, 0xc1);
      assert.deepEqual(await samples(page({ 258: [16], 339: [3], samples: halves })), [1, -2.5]);
      const wide = new Uint8Array(Int32Array.of(-222957, 7).buffer);
      assert.deepEqual(await samples(page({ 258: [32], 339: [2], samples: wide })), [-222957, 7]);
      assert.deepEqual(await samples(page({ 258: [32], samples: wide })), [2 ** 32 - 222957, 7]);
    });

    it('are unpacked from runs, and read with the last bit first', async () => {
      assert.deepEqual(
        await samples(page({ 259: [32773], samples: Uint8Array.of(255, 5) })),
        [5, 5],
      );
      assert.deepEqual(
        await samples(page({ 258: [1], 266: [2], samples: Uint8Array.of(0b10) })),
        [0, 1],
      );
    });

    it('are 0 for black where white is the least sample', async () =>
      assert.deepEqual(await samples(page({ 262: [0] })), [248, 246]));

    it('lie in planes and in tiles', async () => {
      const bytes = tiffOf([{ ...colourPage, 284: [2] }]);
      const interleaved = await samples(tiffOf([colourPage]));
      assert.deepEqual(interleaved, [1, 4, 2, 5, 3, 6]);
      await assert.rejects(read(bytes), /truncated/, 'one strip is not three');
      // A tile is whole, also where the picture ends.
      const tile = Uint8Array.from({ length: 16 * 16 * 3 }, (_, n) => n % 251);
      const tiled = tiffOf([
        { ...colourPage, 322: [16], 323: [16], 324: [8], 325: [tile.length], samples: tile },
      ]);
      assert.deepEqual(await samples(tiled), [0, 3, 1, 4, 2, 5]);
    });

    it('are a volume over pages of one size, or of the page that is asked for', async () => {
      const other = { ...greyPage, samples: Uint8Array.of(1, 2) };
      const volume = await read(tiffOf([greyPage, other]));
      assert.deepEqual(volume.shape, [2, 1, 2]);
      assert.deepEqual([...volume.data], [7, 9, 1, 2]);
      const page = await read(tiffOf([greyPage, other]), { frame: 1 });
      assert.deepEqual(
        [page.shape, [...page.data]],
        [
          [2, 1, 1],
          [1, 2],
        ],
      );
    });

    it('are not those of a reduced copy', async () => {
      const picture = await read(tiffOf([greyPage, { ...colourPage, 254: [1] }]));
      assert.deepEqual(picture.shape, [2, 1, 1]);
    });
  });

  describe('of an animated GIF', () => {
    const greys = [0, 10, 20, 30].map((grey) => [grey, grey, grey]);
    const shown = async (bytes: Uint8Array, frame: number) => [
      ...(await read(bytes, { frame })).data,
    ];

    it('are those of the frame that is asked for, or of the first, which is said', async () => {
      const bytes = gifOf([2, 1], greys, [{ indices: [1, 2] }, { indices: [3, 0] }]);
      assert.deepEqual(await shown(bytes, 0), [10, 20]);
      assert.deepEqual(await shown(bytes, 1), [30, 0]);
      assert.equal((await read(bytes, { frame: 1 })).warnings, undefined);
      const first = await read(bytes);
      assert.deepEqual([...first.data], [10, 20]);
      assert.match(first.warnings![0], /2 frames, of which the first is read; "frame" chooses one/);
      assert.throws(() => mapLabels(first, ['vessel'], { vessel: 10 }), /`labelFrame`/);
      await assert.rejects(read(bytes, { frame: 2 }), /frame 2 was asked for; .* frames 0 to 1/);
    });

    it('lie over those before, where a frame is a part or leaves pixels open', async () => {
      const whole = { indices: [1, 1, 1, 1] };
      const part = { indices: [2, 3], place: [1, 0, 2, 1] as [number, number, number, number] };
      const open = { indices: [0, 3, 0, 0], transparent: 0 };
      assert.deepEqual(await shown(gifOf([4, 1], greys, [whole, part]), 1), [10, 20, 30, 10]);
      const after = (disposal: number) =>
        gifOf([4, 1], greys, [whole, { ...part, disposal }, open]);
      assert.deepEqual(await shown(after(0), 2), [10, 30, 30, 10]);
      assert.deepEqual(await shown(after(2), 2), [10, 30, 0, 10]);
      assert.deepEqual(await shown(after(3), 2), [10, 30, 10, 10]);
    });

    it('have the colours and indices of their own frame', async () => {
      const red = [
        [0, 0, 0],
        [255, 0, 0],
      ];
      const bytes = gifOf([2, 1], greys, [{ indices: [1, 1] }, { indices: [0, 1], palette: red }]);
      const picture = await read(bytes, { frame: 1 });
      assert.deepEqual([...picture.data], [0, 255, 0, 0, 0, 0]);
      assert.deepEqual([...picture.marks!], [0, 1]);
    });
  });

  describe('of labels', () => {
    const values = { vessel: 1 };
    const palette: [number, number, number][] = [
      [0, 0, 0],
      [128, 0, 0],
      [0, 128, 0],
    ];

    it('are the indices of a palette of colours, and its colours too', async () => {
      const file = await read(png(1, [0, 1, 2, 1], palette));
      assert.deepEqual([...mapLabels(file, ['vessel'], values).labels], [0, 1, 0, 1]);
      const green = { vessel: { color: [0, 128, 0] as [number, number, number], tolerance: 0 } };
      assert.deepEqual([...mapLabels(file, ['vessel'], green).labels], [0, 0, 1, 0]);
      const page: Page = {
        ...greyPage,
        262: [3],
        320: [0, 1, 2].flatMap((c) =>
          Array.from({ length: 256 }, (_, n) => (palette[n]?.[c] ?? 0) * 257),
        ),
        samples: Uint8Array.of(2, 1),
      };
      assert.deepEqual(
        [...mapLabels(await read(tiffOf([page])), ['vessel'], values).labels],
        [0, 1],
      );
    });

    it('are the greys of a palette of greys', async () => {
      const greys = [0, 255].map((grey): [number, number, number] => [grey, grey, grey]);
      const file = await read(png(1, [0, 1], greys));
      assert.deepEqual([...mapLabels(file, ['vessel'], { vessel: { above: 127 } }).labels], [0, 1]);
    });

    it('are an alpha channel where the colour is the same everywhere, which is said', async () => {
      const file = await read(png(4, [9, 9, 9, 0, 9, 9, 9, 255]));
      assert.deepEqual([...mapLabels(file, ['vessel'], { vessel: 255 }).labels], [0, 1]);
      assert.deepEqual([...mapMask(file)], [0, 1]);
      assert.match(file.warnings![0], /only its alpha channel varies/);
    });

    it('are colours where these differ, and that there is an alpha channel is said', async () => {
      const file = await read(png(2, [0, 255, 255, 9]));
      assert.deepEqual([...mapMask(file)], [0, 1]);
      assert.match(file.warnings![0], /1 of its 2 pixels are transparent/);
    });
  });
});
