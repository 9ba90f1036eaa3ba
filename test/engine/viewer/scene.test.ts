import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { estimateFieldOfView } from '../../../engine/preparation/field-of-view';
import { encodePng } from '../../../engine/images/png';
import { readCaseFiles } from '../../../engine/cohort/case-files';
import { writeVolume } from '../../../engine/images/write-volume';
import { viewerHandlers } from '../../../engine/server/viewer';
import { runCases } from '../../../engine/viewer/run-cases';
import type {
  LayerName,
  PlaneInfo,
  SliceQuery,
  ViewerSource,
} from '../../../engine/contract/viewer';
import { voxelAt } from '../../../engine/viewer/places';
import { planeNames } from '../../../engine/viewer/planes';
import type { Report } from '../../../engine/contract/report';
import { networkNames } from './networks';
import { needRealData, withFolder } from '../images/shared';
import { gifOf, greyPage, tiffOf } from '../images/made-pictures';
import { makeRun, type RunFixture } from './run-fixture';

const token = { isCancellationRequested: false, onCancellationRequested: () => ({ dispose() {} }) };
const open = (source: ViewerSource) => viewerHandlers.viewerOpen({ source }, token);
const slice = (query: SliceQuery) => viewerHandlers.viewerSlice(query, token);
const dice = (source: ViewerSource, threshold: number | null = null) =>
  viewerHandlers.viewerDice({ source, frame: 0, threshold }, token);

const query = (
  source: ViewerSource,
  plane: PlaneInfo,
  index: number,
  layers: LayerName[] = [],
  threshold: number | null = null,
): SliceQuery => ({ source, plane: plane.name, index, frame: 0, image: true, layers, threshold });

const caseOf = (run: string, id = 'ct1'): ViewerSource => ({
  kind: 'case',
  run,
  domain: 'ct',
  id,
});

/** Compares every slice of every plane with what the samples are at each voxel. */
async function eachPixel(
  source: ViewerSource,
  planes: readonly PlaneInfo[],
  layer: LayerName,
  expected: (voxel: number) => { image: number; label: number },
  [ni, nj]: readonly number[],
): Promise<void> {
  for (const plane of planes)
    for (let s = 0; s < plane.slices; s++) {
      const { image, layers } = await slice(query(source, plane, s, [layer]));
      assert.ok(image && 'data' in image);
      const found = layers[layer]!;
      assert.ok('labels' in found, 'error' in found ? found.error : '');
      for (let row = 0, n = 0; row < plane.rows; row++)
        for (let column = 0; column < plane.columns; column++, n++) {
          const [i, j, k] = voxelAt(plane, s, row, column);
          const e = expected(i + ni * (j + nj * k));
          if (image.data[n] !== e.image || found.labels[n] !== e.label)
            assert.fail(
              `${plane.name} ${s} ${row} ${column}: ${image.data[n]} and ${found.labels[n]}, not ${e.image} and ${e.label}`,
            );
        }
    }
}

describe('the viewer of a run', () => {
  it('has the label of every voxel where its image is, in all three planes, also for a file that is not RAS', () =>
    withFolder(async (folder) => {
      const { run, image, reference, predictions, shape } = await makeRun(folder);
      const info = await open(caseOf(run));
      assert.equal(info.orientation, 'LPS');
      assert.deepEqual(
        info.planes.map(({ name }) => name),
        planeNames,
      );
      const at = (labels: Uint8Array) => (n: number) => ({ image: image[n], label: labels[n] });
      await eachPixel(caseOf(run), info.planes, 'reference', at(reference), shape);
      await eachPixel(caseOf(run), info.planes, 'student', at(predictions.student), shape);
    }));

  it('counts what Dice is made of, slice by slice in every plane', () =>
    withFolder(async (folder) => {
      const { run, reference, predictions, shape } = await makeRun(folder);
      const { planes, classes } = await open(caseOf(run));
      const { layers } = await dice(caseOf(run));
      assert.deepEqual(Object.keys(layers), networkNames);
      for (const network of networkNames) {
        const counts = layers[network]!;
        assert.ok(!('error' in counts));
        for (const plane of planes)
          for (let label = 1; label <= classes.length; label++)
            for (let s = 0; s < plane.slices; s++) {
              const expected = [0, 0, 0];
              for (let row = 0; row < plane.rows; row++)
                for (let column = 0; column < plane.columns; column++) {
                  const [i, j, k] = voxelAt(plane, s, row, column);
                  const n = i + shape[0] * (j + shape[1] * k);
                  const [r, p] = [reference[n] === label, predictions[network][n] === label];
                  if (r && p) expected[0]++;
                  else if (p) expected[1]++;
                  else if (r) expected[2]++;
                }
              const from = ((label - 1) * plane.slices + s) * 3;
              assert.deepEqual([...counts[plane.name]!.subarray(from, from + 3)], expected);
            }
      }
    }));

  it('lists the cases with Dice, and counts the gain from the student trained for as long', () =>
    withFolder(async (folder) => {
      const { run } = await makeRun(folder);
      const cases = runCases(run);
      assert.equal(cases.baseline, 'control');
      assert.deepEqual(
        cases.domains.map((d) => [d.name, d.role, d.cases.map((c) => c.id)]),
        [
          ['ct', 'source', ['ct1', 'ct2']],
          ['fundus', 'target', ['eye']],
        ],
      );
      const [ct1] = cases.domains[0].cases;
      assert.ok(ct1.dice.teacher! > ct1.dice.student! && ct1.dice.student! > ct1.dice.control!);
      const { liver, lesion } = ct1.classes.student;
      assert.ok(Math.abs((liver! + lesion!) / 2 - ct1.dice.student!) < 1e-12);
      // A class that is nowhere in the case has no Dice and does not count.
      const [eye] = cases.domains[1].cases;
      assert.equal(eye.classes.student['lesion'], null);
      assert.equal(eye.dice.student, eye.classes.student['liver']);
    }));

  it('takes stored probabilities at another threshold, and the label map as it was at none', () =>
    withFolder(async (folder) => {
      const { run, reference, predictions } = await makeRun(folder);
      const source = caseOf(run);
      const { planes, layers } = await open(source);
      assert.deepEqual(
        layers.map(({ name, probabilities }) => [name, probabilities]),
        [['reference', false], ...networkNames.map((name) => [name, name === 'student'])],
      );
      const sum = async (threshold: number | null) => {
        let pixels = 0;
        for (let s = 0; s < planes[0].slices; s++) {
          const result = await slice(query(source, planes[0], s, ['student'], threshold));
          const { student } = result.layers;
          assert.ok(student && 'labels' in student);
          for (const label of student.labels) if (label === 1) pixels++;
        }
        return pixels;
      };
      const liver = (labels: Uint8Array) => labels.filter((label) => label === 1).length;
      assert.equal(await sum(null), liver(predictions.student));
      assert.equal(await sum(0.35), liver(reference));
      const half = [...reference.keys()].filter(
        (n) => reference[n] === 1 && 0.4 + (n % 5) / 10 >= 0.65,
      );
      assert.equal(await sum(0.65), half.length);
      const counted = (await dice(source, 0.35)).layers.student!;
      assert.ok(!('error' in counted));
      assert.equal(
        counted.axial!.reduce((total, value, n) => total + (n % 3 === 1 ? value : 0), 0),
        0,
      );
    }));

  it('shows fundus pictures as they are, in colour, without sides of a patient', () =>
    withFolder(async (folder) => {
      const { run } = await makeRun(folder);
      const source: ViewerSource = { kind: 'case', run, domain: 'fundus', id: 'eye' };
      const info = await open(source);
      assert.deepEqual(
        info.planes.map(({ title, slices, rows, columns, letters }) => ({
          title,
          slices,
          rows,
          columns,
          letters,
        })),
        [{ title: 'Picture', slices: 1, rows: 40, columns: 60, letters: null }],
      );
      assert.equal(info.affine, null);
      const { image, layers } = await slice(query(source, info.planes[0], 0, ['reference']));
      assert.ok(image && 'data' in image && image.channels === 3);
      const at = 12 * 60 + 6;
      assert.deepEqual(
        [0, 1, 2].map((c) => image.data[c * 2400 + at]),
        [120, 30, 20],
      );
      assert.ok(layers.reference && 'labels' in layers.reference);
      assert.equal(layers.reference.labels[at], 1);
      assert.equal(layers.reference.labels[20 * 60 + 6], 0);
    }));

  it('shows and counts labels inside the field of view alone, provided or estimated', () =>
    withFolder(async (folder) => {
      const { run } = await makeRun(folder);
      const source: ViewerSource = { kind: 'case', run, domain: 'fundus', id: 'eye' };
      const student = async (place: PlaneInfo) => {
        const { layers } = await slice(query(source, place, 0, ['student']));
        assert.ok(layers.student && 'labels' in layers.student);
        return layers.student.labels;
      };
      const [plane] = (await open(source)).planes;
      const everywhere = await student(plane);

      const inside = everywhere.map((_, n) => (n % plane.columns < 30 ? 1 : 0));
      const masks = [join(folder, 'mask.png')];
      await writeFile(masks[0], encodePng(inside, plane.rows, plane.columns));
      const path = join(run, 'report.json');
      const report = JSON.parse(await readFile(path, 'utf8')) as Report;
      report.domains['fundus'].files['eye'].masks = masks;
      await writeFile(path, JSON.stringify(report));
      const config = join(run, 'config.distill.jsonc');
      const text = await readFile(config, 'utf8');
      const withSetting = (setting: string) =>
        writeFile(config, text.replace('"channel":"green"', `$&,${setting}`));

      await withSetting('"masks":"{case}.png"');
      assert.match((await open(source)).note!, /field of view/);
      const found = await student(plane);
      assert.ok(everywhere.some((label, n) => label === 1 && !inside[n]));
      assert.deepEqual(
        found,
        everywhere.map((label, n) => label * inside[n]),
      );
      const { layers } = await dice(source);
      const counts = layers.student!;
      assert.ok(!('error' in counts));
      const [tp, fp] = counts[plane.name]!;
      assert.equal(tp + fp, found.filter((label) => label === 1).length);

      await withSetting('"fov":"estimated"');
      await open(source);
      const { image } = await slice(query(source, plane, 0));
      assert.ok(image && 'data' in image);
      const estimated = estimateFieldOfView(image.data, 3, plane.rows, plane.columns);
      assert.deepEqual(
        await student(plane),
        everywhere.map((label, n) => label * estimated[n]),
      );
    }));

  it('says in a sentence what is missing, layer by layer', () =>
    withFolder(async (folder) => {
      const { run } = await makeRun(folder);
      await rm(join(run, 'predictions', 'ct', 'control', 'ct1.nii.gz'));
      await writeFile(join(run, 'predictions', 'ct', 'warmup', 'ct1.nii.gz'), 'no gzip');
      const source = caseOf(run);
      const { layers, planes } = await open(source);
      const error = (name: LayerName) => layers.find((layer) => layer.name === name)?.error;
      assert.match(error('control')!, /control.ct1\.nii\.gz does not exist/);
      assert.match(error('warmup')!, /warmup.ct1\.nii\.gz/);
      assert.equal(error('student'), null);
      const result = await slice(query(source, planes[0], 3, ['control', 'student']));
      assert.ok('error' in result.layers.control! && 'labels' in result.layers.student!);
      assert.deepEqual(Object.keys((await dice(source)).layers), ['teacher', 'student']);
    }));

  it('refuses a run without a report and a case that is not there', () =>
    withFolder(async (folder) => {
      const { run } = await makeRun(folder);
      await assert.rejects(open(caseOf(run, 'ct9')), {
        name: 'UserError',
        message: /no case "ct9"/,
      });
      await rm(join(run, 'report.json'));
      await assert.rejects(viewerHandlers.viewerRun({ run }, token), {
        name: 'UserError',
        message: /has no report yet/,
      });
    }));
});

describe('the viewer of a folder', () => {
  const series = async (folder: string, images: string, labels: string) => {
    const { run } = await makeRun(folder);
    const path = join(run, 'report.json');
    const report = JSON.parse(await readFile(path, 'utf8')) as Report;
    report.domains['ct'].files['series'] = { images: [images], labels: [labels], masks: [] };
    await writeFile(path, JSON.stringify(report));
    const source = caseOf(run, 'series');
    return { run, source, info: await open(source) };
  };

  it('takes its pictures for the slices of one volume, and a prediction for them from one file', () =>
    withFolder(async (folder) => {
      const [columns, rows, slices] = [6, 5, 4];
      const sample = (n: number, k: number) => (7 * n + 30 * k) % 251;
      const label = (n: number, k: number) => ((n + k) % 3 === 0 ? 3 : 0);
      const [images, labels] = [join(folder, 'images'), join(folder, 'labels')];
      const pixels = Array.from({ length: rows * columns }, (_, n) => n);
      for (const path of [images, labels]) await mkdir(path);
      for (let k = 0; k < slices; k++) {
        const write = (path: string, value: (n: number, k: number) => number) =>
          writeFile(
            join(path, `${k + 1}.png`),
            encodePng(
              Uint8Array.from(pixels, (n) => value(n, k)),
              rows,
              columns,
            ),
          );
        await write(images, sample);
        await write(labels, label);
      }
      const { run, source, info } = await series(folder, images, labels);
      assert.deepEqual(
        info.planes.map(({ title, slices, rows, columns }) => [title, slices, rows, columns]),
        [['Slices', slices, rows, columns]],
      );
      const prediction = Uint8Array.from({ length: 120 }, (_, n) => (n % 7 === 0 ? 1 : 0));
      await writeVolume(join(run, 'predictions', 'ct', 'student', 'series.nii.gz'), {
        shape: [columns, rows, slices],
        data: prediction,
        affine: [
          [-1, 0, 0, 0],
          [0, -1, 0, 0],
          [0, 0, 1, 0],
          [0, 0, 0, 1],
        ],
      });
      await open(source);
      for (let k = 0; k < slices; k++) {
        const { image, layers } = await slice(
          query(source, info.planes[0], k, ['reference', 'student']),
        );
        assert.ok(image && 'data' in image);
        assert.deepEqual(
          [...image.data],
          pixels.map((n) => sample(n, k)),
        );
        const { reference, student } = layers;
        assert.ok(reference && 'labels' in reference && student && 'labels' in student);
        assert.deepEqual(
          [...reference.labels],
          pixels.map((n) => (label(n, k) === 3 ? 1 : 0)),
        );
        assert.deepEqual(student.labels, prediction.slice(30 * k, 30 * k + 30));
      }
    }));

  it('shows the page or the picture of a file that its config chooses, and what the readers noticed', () =>
    withFolder(async (folder) => {
      const [images, labels] = [join(folder, 'i.tif'), join(folder, 'l.gif')];
      const turned = { ...greyPage, 274: [3], samples: Uint8Array.of(1, 2) };
      await writeFile(images, tiffOf([greyPage, turned]));
      const greys = [0, 3, 5, 7].map((grey) => [grey, grey, grey]);
      await writeFile(labels, gifOf([2, 1], greys, [{ indices: [0, 0] }, { indices: [1, 3] }]));
      const { run, source } = await series(folder, images, labels);
      const config = join(run, 'config.distill.jsonc');
      const text = await readFile(config, 'utf8');
      const window = '"intensity":{"window":[-100,240]}';
      assert.ok(text.includes(window));
      await writeFile(config, text.replace(window, `${window},"frame":1,"labelFrame":1`));
      await writeVolume(join(run, 'predictions', 'ct', 'student', 'series_i.png'), {
        shape: [2, 1, 1],
        data: Uint8Array.of(0, 1),
        affine: [],
      });
      const info = await open(source);
      assert.deepEqual(
        info.planes.map(({ slices }) => slices),
        [1],
      );
      assert.deepEqual(info.warnings, [
        `${images} is stored 2 x 1 and read as it is shown, 2 x 1: its TIFF orientation is 3.`,
      ]);
      const { image, layers } = await slice(
        query(source, info.planes[0], 0, ['reference', 'student']),
      );
      assert.ok(image && 'data' in image);
      assert.deepEqual([...image.data], [2, 1]);
      const { reference, student } = layers;
      assert.ok(reference && 'labels' in reference && student && 'labels' in student);
      assert.deepEqual(
        [[...reference.labels], [...student.labels]],
        [
          [1, 2],
          [0, 1],
        ],
      );
    }));

  it('shows a DICOM series with its label pictures from three sides', async function () {
    const chaos = needRealData(this, 'liver', 'CHAOS-CT');
    await withFolder(async (folder) => {
      const [images, labels] = [join(chaos, 'DICOM_anon'), join(chaos, 'Ground')];
      const { run, source } = await series(folder, images, labels);
      const config = join(run, 'config.distill.jsonc');
      const text = await readFile(config, 'utf8');
      await writeFile(config, text.replace('"liver":[3,5]', '"liver":{"above":0}'));
      const info = await open(source);
      const [axial, coronal] = info.planes;
      assert.deepEqual(
        info.planes.map(({ slices, rows, columns }) => [slices, rows, columns]),
        [
          [78, 512, 512],
          [512, 78, 512],
          [512, 78, 512],
        ],
      );
      assert.equal(info.format, 'dicom');
      const files = { images: [images], labels: [labels], masks: [] };
      const read = await readCaseFiles(files, {});
      const [ni, nj] = read.images[0].shape;
      let liver = 0;
      for (const [plane, index] of [
        [axial, 40],
        [coronal, 250],
      ] as const) {
        const { image, layers } = await slice(query(source, plane, index, ['reference']));
        const { reference } = layers;
        assert.ok(image && 'data' in image && reference && 'labels' in reference);
        for (let n = 0; n < image.data.length; n += 7) {
          const [i, j, k] = voxelAt(plane, index, Math.floor(n / plane.columns), n % plane.columns);
          const at = i + ni * (j + nj * k);
          if (image.data[n] !== read.images[0].data[at]) assert.fail(`${plane.name} voxel ${at}`);
          const expected = read.labels[0].data[at] > 0 ? 1 : 0;
          if (reference.labels[n] !== expected) assert.fail(`${plane.name} label of ${at}`);
          liver += expected;
        }
      }
      assert.ok(liver > 1000);
    });
  });
});

describe('the viewer of a file', () => {
  const reversed = ({ shape, reference, affine }: RunFixture) => {
    // The same labels in a file whose axes are k, -i, j.
    const [ni, nj, nk] = shape;
    const data = new Uint8Array(reference.length);
    for (let n = 0; n < reference.length; n++) {
      const [i, j, k] = [n % ni, Math.floor(n / ni) % nj, Math.floor(n / (ni * nj))];
      data[k + nk * (ni - 1 - i + ni * j)] = reference[n];
    }
    const turned = affine.map((row, r) =>
      r === 3 ? [...row] : [row[2], -row[0], row[1], row[3] + (ni - 1) * row[0]],
    );
    return { shape: [nk, ni, nj] as [number, number, number], data, affine: turned };
  };

  it('lays a label file over it at its place in the world, whatever the order of its axes', () =>
    withFolder(async (folder) => {
      const fixture = await makeRun(folder);
      const overlay = join(folder, 'turned.nii');
      await writeVolume(overlay, reversed(fixture));
      const source: ViewerSource = {
        kind: 'file',
        path: join(folder, 'ct', 'images', 'ct1.nii.gz'),
        overlays: [overlay],
      };
      const info = await open(source);
      assert.deepEqual(info.classes, ['Label 1', 'Label 2']);
      assert.equal(info.layers[0].note, null);
      await eachPixel(
        source,
        info.planes,
        'overlay 0',
        (n) => ({ image: fixture.image[n], label: fixture.reference[n] }),
        fixture.shape,
      );
    }));

  it('resamples a label file on another grid, and says so', () =>
    withFolder(async (folder) => {
      const fixture = await makeRun(folder);
      const { shape, affine, reference, image } = fixture;
      // Every second column and row, from the first of them on.
      const half: [number, number, number] = [shape[0] / 2, shape[1] / 2, shape[2]];
      const data = new Uint8Array(half[0] * half[1] * half[2]);
      const full = (i: number, j: number, k: number) => i + shape[0] * (j + shape[1] * k);
      for (let n = 0; n < data.length; n++) {
        const [i, j, k] = [
          n % half[0],
          Math.floor(n / half[0]) % half[1],
          Math.floor(n / (half[0] * half[1])),
        ];
        data[n] = reference[full(2 * i, 2 * j, k)];
      }
      const coarse = affine.map((row) => [2 * row[0], 2 * row[1], row[2], row[3]]);
      const overlay = join(folder, 'coarse.nii.gz');
      await writeVolume(overlay, { shape: half, data, affine: coarse });
      const source: ViewerSource = {
        kind: 'file',
        path: join(folder, 'ct', 'images', 'ct1.nii.gz'),
        overlays: [overlay],
      };
      const info = await open(source);
      assert.match(info.layers[0].note!, /another grid/);
      const [plane] = info.planes;
      for (const s of [2, 5, 7]) {
        const result = await slice(query(source, plane, s, ['overlay 0']));
        const found = result.layers['overlay 0']!;
        assert.ok('labels' in found && result.image && 'data' in result.image);
        for (let row = 0, n = 0; row < plane.rows; row++)
          for (let column = 0; column < plane.columns; column++, n++) {
            const [i, j, k] = voxelAt(plane, s, row, column);
            assert.equal(result.image.data[n], image[full(i, j, k)]);
            if (i % 2 === 0 && j % 2 === 0)
              assert.equal(found.labels[n], reference[full(i, j, k)], `${i} ${j} ${k}`);
          }
      }
    }));

  it('compares two overlays, the first being the reference', () =>
    withFolder(async (folder) => {
      const { run } = await makeRun(folder);
      const [path, ...overlays] = [
        join(folder, 'ct', 'images', 'ct1.nii.gz'),
        join(run, 'predictions', 'ct', 'teacher', 'ct1.nii.gz'),
        join(run, 'predictions', 'ct', 'student', 'ct1.nii.gz'),
      ];
      const { layers } = await dice({ kind: 'file', path, overlays });
      assert.deepEqual(Object.keys(layers), ['overlay 1']);
    }));

  it('takes a file of fractions from 0 to 1 as probabilities, and refuses an image as an overlay', () =>
    withFolder(async (folder) => {
      const { run } = await makeRun(folder);
      const path = join(folder, 'ct', 'images', 'ct1.nii.gz');
      const likely = join(run, 'probabilities', 'ct', 'student', 'ct1.nii.gz');
      const { layers } = await open({ kind: 'file', path, overlays: [likely, path] });
      assert.equal(layers[0].probabilities, true);
      assert.equal(layers[0].threshold, 0.5);
      assert.match(layers[1].error!, /more than 255 different values/);
    }));
});
