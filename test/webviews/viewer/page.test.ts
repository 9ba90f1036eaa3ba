import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { voxelAt } from '../../../engine/viewer/places';
import { planeOf, type Plane } from '../../../engine/viewer/planes';
import type { PlaneName, SliceQuery } from '../../../engine/contract/viewer';
import { columnNorm } from '../../../engine/images/orientation';
import { classColor, outcomeColors, parseColor, type Rgb } from '../../../webviews/viewer/colors';
import type { ViewSettings } from '../../../webviews/viewer/settings';
import { makeRun, type RunFixture } from '../../engine/viewer/run-fixture';
import { greyPage, tiffOf } from '../../engine/images/made-pictures';
import { keepScreenshot, needBrowser, StandAlone } from '../stand-alone';
import type { ThemeName } from '../themes';
import { PlayedEngine } from './engine';
import type { Played } from './host';

declare const played: Played;

describe('the viewer', function () {
  this.timeout(60_000);
  let folder: string;
  let fixture: RunFixture;
  let stand: StandAlone;
  let page: Page;
  let problems: string[] = [];
  const engine = new PlayedEngine();

  before(async function () {
    needBrowser(this);
    folder = await mkdtemp(join(tmpdir(), 'meddistill-viewer-'));
    fixture = await makeRun(folder);
    stand = await StandAlone.open('viewer', join(__dirname, 'host.ts'), engine.answer);
  });
  after(async () => {
    await stand?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    assert.deepEqual(problems, []);
    await page?.context().close();
  });

  /** Waits until what was asked for is there and drawn. */
  const settle = async () => {
    await page.waitForFunction(() => played.open === 0);
    await page.evaluate(
      () =>
        new Promise<void>((done) =>
          requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))),
        ),
    );
    await page.waitForFunction(() => played.open === 0);
  };
  const open = async (query: Record<string, string>, size = { width: 1280, height: 860 }) => {
    ({ page, problems } = await stand.page(new URLSearchParams(query).toString(), size));
    page.setDefaultTimeout(10_000);
    await page.waitForSelector('.pane, .failure');
    await settle();
  };
  const openCase = (id = 'ct1', more: Record<string, string> = {}) =>
    open({ run: fixture.run, domain: 'ct', case: id, ...more });
  const openFile = (path: string, overlays: string[] = []) => {
    engine.setOverlays(overlays);
    return open({ file: path });
  };

  const planeInfo = (name: PlaneName): Plane =>
    planeOf(
      {
        shape: fixture.shape,
        affine: fixture.affine,
        spacing: [0, 1, 2].map((a) => columnNorm(fixture.affine, a)) as [number, number, number],
      },
      name,
    );
  const voxelIndex = (plane: Plane, slice: number, row: number, column: number) => {
    const [i, j, k] = voxelAt(plane, slice, row, column);
    return i + fixture.shape[0] * (j + fixture.shape[1] * k);
  };

  /** The colour on the screen in the middle of a voxel of a fitted pane, by the pane's size and the voxels' alone. */
  const colorAt = (
    pane: string,
    { rows, columns, spacing }: Pick<Plane, 'rows' | 'columns' | 'spacing'>,
    row: number,
    column: number,
  ): Promise<number[]> =>
    page.evaluate(
      ([name, r, c, height, width, tall, wide]) => {
        const canvas = document.querySelector<HTMLCanvasElement>(`[data-pane="${name}"] canvas`)!;
        const scale = Math.min(canvas.width / (width * wide), canvas.height / (height * tall));
        const x = canvas.width / 2 + (c + 0.5 - width / 2) * wide * scale;
        const y = canvas.height / 2 + (r + 0.5 - height / 2) * tall * scale;
        return [
          ...canvas
            .getContext('2d')!
            .getImageData(Math.floor(x), Math.floor(y), 1, 1)
            .data.slice(0, 3),
        ];
      },
      [pane, row, column, rows, columns, spacing[0], spacing[1]] as const,
    );
  const isColor = (found: readonly number[], expected: Rgb, what: string) =>
    assert.ok(
      found.every((value, n) => Math.abs(value - expected[n]) <= 3),
      `${what}: ${found.join()} is not ${expected.join()}`,
    );
  const isGrey = ([r, g, b]: readonly number[]) => Math.abs(r - g) <= 2 && Math.abs(g - b) <= 2;

  const press = async (key: string, times = 1) => {
    for (let n = 0; n < times; n++) await page.keyboard.press(key);
    await settle();
  };
  const focusPane = () => page.locator('.pane .stage').first().focus();
  const setRange = async (label: string, value: number) => {
    await page.getByRole('slider', { name: label, exact: true }).evaluate((input, to) => {
      (input as HTMLInputElement).value = String(to);
      input.dispatchEvent(new Event('input'));
    }, value);
    await settle();
  };
  const status = () => page.locator('.status').innerText();
  const titles = () => page.locator('.pane .caption').allInnerTexts();
  const sliceShown = async () => Number(/(\d+) \/ \d+/.exec(await status())![1]) - 1;
  const remembered = () => page.evaluate(() => played.remembered as ViewSettings);

  it('has every label on its voxel in all three planes, for a file that is not RAS', async () => {
    await openCase();
    await focusPane();
    await setRange('Opacity of the overlay', 1);
    for (const name of ['axial', 'coronal', 'sagittal'] as const) {
      await press(name[0]);
      const plane = planeInfo(name);
      // A slice through the lesion, in which both classes and the background are.
      const lesion = fixture.reference.indexOf(2);
      let slice = 0;
      while (
        !Array.from({ length: plane.rows * plane.columns }, (_, n) =>
          voxelIndex(plane, slice, Math.floor(n / plane.columns), n % plane.columns),
        ).includes(lesion)
      )
        slice++;
      await setRange('Slice', slice);
      for (const [pane, labels] of [
        ['reference', fixture.reference],
        ['student', fixture.predictions.student],
      ] as const)
        for (const label of [0, 1, 2]) {
          const places = Array.from({ length: plane.rows * plane.columns }, (_, n) => n).filter(
            (n) =>
              labels[voxelIndex(plane, slice, Math.floor(n / plane.columns), n % plane.columns)] ===
              label,
          );
          // The first and the last of them lie at borders, where a shift would show.
          for (const n of [places[0], places[places.length >> 1], places.at(-1)!]) {
            const [row, column] = [Math.floor(n / plane.columns), n % plane.columns];
            const color = await colorAt(pane, plane, row, column);
            const what = `${pane} ${name} ${slice} row ${row} column ${column}`;
            if (label === 0) assert.ok(isGrey(color), `${what}: ${color.join()} is not grey`);
            else isColor(color, classColor(label - 1), what);
          }
        }
      await keepScreenshot(page, `viewer-${name}`);
    }
  });

  it('shows the letters of the patient on the sides', async () => {
    await openCase();
    await focusPane();
    const letters = () => page.locator('[data-pane=teacher] .letter').allInnerTexts();
    assert.deepEqual(await letters(), ['R', 'L', 'A', 'P']);
    await press('c');
    assert.deepEqual(await letters(), ['R', 'L', 'S', 'I']);
    await press('s');
    assert.deepEqual(await letters(), ['A', 'P', 'S', 'I']);
  });

  it('tells true from false in colours of their own, in the error map and wherever agreement is asked for', async () => {
    await openCase();
    await focusPane();
    await setRange('Opacity of the overlay', 1);
    const plane = planeInfo('axial');
    const slice = await sliceShown();
    const check = async (pane: string, network: string) => {
      for (const [outcome, r, p] of [
        ['both', 1, 1],
        ['onlyPrediction', 0, 1],
        ['onlyReference', 1, 0],
      ] as const) {
        const n = Array.from({ length: plane.rows * plane.columns }, (_, at) => at).find((at) => {
          const voxel = voxelIndex(
            plane,
            slice,
            Math.floor(at / plane.columns),
            at % plane.columns,
          );
          return fixture.reference[voxel] === r && fixture.predictions[network][voxel] === p;
        })!;
        const color = await colorAt(pane, plane, Math.floor(n / plane.columns), n % plane.columns);
        isColor(color, parseColor(outcomeColors[outcome].fallback)!, `${pane} ${outcome}`);
      }
    };
    await check('error', 'student');
    await press('m');
    await check('teacher', 'teacher');
    await check('warmup', 'warmup');
    await keepScreenshot(page, 'viewer-agreement');
  });

  it('draws contours as lines around the labels, and nothing inside them', async () => {
    await openCase();
    await focusPane();
    await press('o');
    const plane = planeInfo('axial');
    const slice = await sliceShown();
    const inside = Array.from({ length: plane.rows * plane.columns }, (_, n) => n).find((n) =>
      [0, -1, 1, -plane.columns, plane.columns].every(
        (by) =>
          fixture.reference[
            voxelIndex(plane, slice, Math.floor((n + by) / plane.columns), (n + by) % plane.columns)
          ] === 1,
      ),
    )!;
    const [row, column] = [Math.floor(inside / plane.columns), inside % plane.columns];
    assert.ok(isGrey(await colorAt('reference', plane, row, column)));
    const coloured = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('[data-pane=reference] canvas')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let n = 0; n < data.length; n += 4) if (Math.abs(data[n] - data[n + 1]) > 30) count++;
      return count / (data.length / 4);
    });
    assert.ok(coloured > 0.001 && coloured < 0.05, String(coloured));
    await keepScreenshot(page, 'viewer-contour');
  });

  it('moves all panes together: slice, zoom, place, window and cursor', async () => {
    await openCase();
    const before = await sliceShown();
    const box = (await page.locator('[data-pane=teacher] .stage').boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const pictures = () =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLCanvasElement>('.pane canvas')].map((canvas) =>
          canvas.toDataURL(),
        ),
      );
    let last = await pictures();
    const changed = async (what: string) => {
      await settle();
      const next = await pictures();
      next.forEach((picture, n) => assert.notEqual(picture, last[n], `${what}, pane ${n}`));
      last = next;
    };
    await page.mouse.move(x, y);
    await settle();
    last = await pictures();
    await page.mouse.wheel(0, -120);
    await changed('slice');
    assert.notEqual(await sliceShown(), before);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -300);
    await page.keyboard.up('Control');
    await changed('zoom');
    assert.match(await status(), /\b2\d\d%/);
    await page.mouse.down({ button: 'middle' });
    await page.mouse.move(x + 40, y + 10);
    await page.mouse.up({ button: 'middle' });
    await changed('place');
    await page.mouse.down({ button: 'right' });
    await page.mouse.move(x + 90, y + 60);
    await page.mouse.up({ button: 'right' });
    await changed('window');
    assert.match((await remembered()).windows['ct'] ? 'kept' : 'lost', /kept/);
    await page.mouse.move(x - 30, y - 20);
    await changed('cursor');
    assert.match(await status(), /voxel \d+, \d+, \d+ · .* mm · value -?\d+ · Reference: /);
  });

  it('reads voxel, place in mm, value and labels under the cursor', async () => {
    await openCase();
    await focusPane();
    const plane = planeInfo('axial');
    const slice = await sliceShown();
    await press('Alt+ArrowDown', 2);
    await press('Alt+ArrowRight', 3);
    const [row, column] = [plane.rows / 2 + 2, plane.columns / 2 + 3];
    const [i, j, k] = voxelAt(plane, slice, row, column);
    const n = i + 64 * (j + 64 * k);
    const text = await status();
    assert.ok(text.includes(`voxel ${i}, ${j}, ${k} `), text);
    assert.ok(text.includes(`value ${fixture.image[n]} `), text);
    const x = fixture.affine[0].reduce((sum, value, axis) => sum + value * [i, j, k, 1][axis], 0);
    assert.ok(text.includes(`${Math.abs(x).toFixed(1)} ${x < 0 ? 'L' : 'R'}`), text);
    const name = ['–', 'liver', 'lesion'];
    assert.ok(text.includes(`distilled: ${name[fixture.predictions.student[n]]}`), text);
    // The other planes go through the same voxel.
    await press('s');
    assert.ok((await status()).includes(`voxel ${i}, ${j}, ${k} `), await status());
  });

  it('goes to the slice that is clicked in the strip, and from the worst slice to the next', async () => {
    await openCase();
    await page.waitForSelector('.strip-row');
    const bars = page.locator('.strip-row canvas').last();
    const box = (await bars.boundingBox())!;
    await bars.click({ position: { x: (box.width * 7.5) / 10, y: 10 } });
    await settle();
    assert.equal(await sliceShown(), 7);
    const plane = planeInfo('axial');
    const dice = Array.from({ length: plane.slices }, (_, s) => {
      const values = [1, 2].flatMap((label) => {
        let [both, sum] = [0, 0];
        for (let at = 0; at < plane.rows * plane.columns; at++) {
          const n = voxelIndex(plane, s, Math.floor(at / plane.columns), at % plane.columns);
          const [r, p] = [fixture.reference[n], fixture.predictions.student[n]];
          if (r === label && p === label) both++;
          sum += Number(r === label) + Number(p === label);
        }
        return sum > 0 ? [(2 * both) / sum] : [];
      });
      return values.length > 0 ? values.reduce((a, b) => a + b) / values.length : null;
    });
    const shown = await page.locator('.strip-row .count').last().innerText();
    assert.equal(shown, dice[7] === null ? '–' : dice[7].toFixed(3));
    const order = [...dice.keys()]
      .filter((s) => dice[s] !== null)
      .sort((a, b) => dice[a]! - dice[b]! || a - b);
    await setRange('Slice', order.at(-1)!);
    await focusPane();
    for (const expected of order.slice(0, 3)) {
      await press('w');
      assert.equal(await sliceShown(), expected);
    }
    await page.evaluate(() => played.command('nextWorstSlice'));
    await settle();
    assert.equal(await sliceShown(), order[3]);
  });

  it('lists the cases, the worst first, and goes from one to the next', async () => {
    await openCase('ct1');
    const cases = () => page.locator('.cases .case-name').allInnerTexts();
    assert.deepEqual(await cases(), ['ct2', 'ct1']);
    await focusPane();
    await press('n');
    assert.match(await status(), /ct \/ ct2/);
    await press('p');
    assert.match(await status(), /ct \/ ct1/);
    await page.getByRole('option', { name: /^ct2, Dice 0\.\d+, gain/ }).click();
    await settle();
    assert.match(await status(), /ct \/ ct2/);
    await page.getByRole('listbox', { name: 'Cases' }).focus();
    await press('ArrowDown');
    assert.match(await status(), /ct \/ ct1/);
  });

  it('hides a class everywhere: on the image, in the Dice and in the errors', async () => {
    await openCase();
    await page.waitForSelector('.strip-row');
    await setRange('Opacity of the overlay', 1);
    const figure = () => page.locator('[data-pane=teacher] .figure').innerText();
    const both = await figure();
    await page.locator('vscode-checkbox[label=liver]').click();
    await settle();
    assert.notEqual(await figure(), both);
    const plane = planeInfo('axial');
    const slice = await sliceShown();
    const liver = Array.from({ length: plane.rows * plane.columns }, (_, n) => n).find(
      (n) =>
        fixture.reference[
          voxelIndex(plane, slice, Math.floor(n / plane.columns), n % plane.columns)
        ] === 1,
    )!;
    for (const pane of ['reference', 'error'])
      assert.ok(
        isGrey(
          await colorAt(pane, plane, Math.floor(liver / plane.columns), liver % plane.columns),
        ),
      );
    assert.deepEqual((await remembered()).hiddenClasses, ['liver']);
  });

  it('tries another threshold on stored probabilities, and goes back', async () => {
    await openCase();
    await page.waitForSelector('.strip-row');
    const figure = () => page.locator('[data-pane=student] .figure').innerText();
    const evaluated = await figure();
    await setRange('Probability from which on a class is taken', 0.35);
    await page.waitForFunction(
      (before) => document.querySelector('[data-pane=student] .figure')!.textContent !== before,
      evaluated,
    );
    // The probabilities of the fixture are those of the reference's liver.
    assert.match(await page.locator('.classes tbody tr').first().innerText(), /1\.00$/);
    await page.getByRole('button', { name: 'As it was evaluated' }).click();
    await page.waitForFunction(
      (before) => document.querySelector('[data-pane=student] .figure')!.textContent === before,
      evaluated,
    );
  });

  it('shows any subset of the panes, in a row or in a grid, and one alone at a double click', async () => {
    await openCase();
    assert.deepEqual(await titles(), [
      'Reference',
      'Teacher',
      'Student, warm-up',
      'Student, distilled',
      'Errors',
    ]);
    await page.getByRole('switch', { name: 'Show trained on' }).click();
    await page.getByRole('switch', { name: 'Show Teacher' }).click();
    await settle();
    assert.ok(
      (await titles()).includes('Student, trained on') && !(await titles()).includes('Teacher'),
    );
    const tops = () =>
      page
        .locator('.pane')
        .evaluateAll((all) => new Set(all.map((p) => p.getBoundingClientRect().top)).size);
    assert.equal(await tops(), 2);
    await focusPane();
    await press('g');
    assert.equal(await tops(), 1);
    await keepScreenshot(page, 'viewer-row');
    await page.locator('[data-pane=student] .stage').dblclick();
    await settle();
    assert.deepEqual(await titles(), ['Student, distilled']);
    await page.locator('[data-pane=student] .stage').dblclick();
    await settle();
    assert.equal((await titles()).length, 5);
  });

  it('fits the image into the pane that there is, whatever was switched before', async () => {
    await openCase();
    // Controls that take two lines, so that the panes have another height than at first.
    await page.setViewportSize({ width: 1000, height: 860 });
    const misfits = () =>
      page.locator('.pane').evaluateAll((panes) =>
        panes
          .map((pane) => {
            const { clientWidth, clientHeight } = pane.querySelector('.stage')!;
            const { width, height } = pane.querySelector('canvas')!;
            return [width - clientWidth, height - clientHeight].join();
          })
          .filter((misfit) => misfit !== '0,0'),
      );
    const check = async (what: string) => {
      await settle();
      assert.deepEqual(await misfits(), [], what);
    };
    await page.getByRole('switch', { name: 'Show Teacher' }).click();
    await check('without a pane');
    await page.getByRole('switch', { name: 'Coronal (C)' }).click();
    await check('another plane');
    await focusPane();
    for (const key of ['g', 'b', 'm', 'n']) {
      await press(key);
      await check(key);
    }
  });

  it('shows fundus pictures in their colours, as they are', async () => {
    await open({ run: fixture.run, domain: 'fundus', case: 'eye' });
    const picture = { rows: 40, columns: 60, spacing: [1, 1] as [number, number] };
    await focusPane();
    assert.deepEqual(
      (await page.locator('[data-pane=teacher] .letter').allInnerTexts()).join(''),
      '',
    );
    await press('o');
    await press('o');
    isColor(await colorAt('reference', picture, 12, 6), [120, 30, 20], 'vessel');
    isColor(await colorAt('reference', picture, 30, 6), [200, 116, 60], 'ground');
    await press('o');
    await keepScreenshot(page, 'viewer-fundus');
    assert.equal(await page.locator('.strip').isVisible(), false);
  });

  it('comes back as it was when the window is loaded again, and is remembered for the run', async () => {
    await openCase();
    await focusPane();
    await press('c');
    await press('ArrowUp', 3);
    await press('+');
    await press('o');
    await page.getByRole('switch', { name: 'Show Teacher' }).click();
    await settle();
    const before = [await status(), await titles()];
    const settings = await remembered();
    await page.waitForTimeout(200);
    await page.reload();
    await page.waitForSelector('.pane canvas');
    await settle();
    assert.deepEqual([await status(), await titles()], before);
    // Another window on the same run starts with the settings, not with the place.
    await page.evaluate((value) => {
      sessionStorage.removeItem('state');
      sessionStorage.setItem('remembered', JSON.stringify(value));
    }, settings);
    await page.reload();
    await page.waitForSelector('.pane canvas');
    await settle();
    assert.deepEqual(await titles(), before[1]);
    assert.match(await status(), /Coronal .*\b100%/s);
  });

  it('asks for slices, a few at a time, never for a volume', async () => {
    await openCase();
    const asked = await page.evaluate(() =>
      played.calls.filter(({ method }) => method === 'viewerSlice').map(({ params }) => params),
    );
    assert.ok(asked.length >= 1 && asked.length <= 5, String(asked.length));
    const [first] = asked as SliceQuery[];
    assert.deepEqual(new Set(first.layers), new Set(['reference', 'teacher', 'warmup', 'student']));
    // A layer that comes later is fetched alone.
    await page.getByRole('switch', { name: 'Show trained on' }).click();
    await settle();
    const later = (await page.evaluate(() => played.calls))
      .filter(({ method }) => method === 'viewerSlice')
      .map(({ params }) => params as SliceQuery)
      .filter(({ index, layers }) => index === first.index && layers.includes('control'));
    assert.deepEqual(
      later.map(({ image, layers }) => [image, layers]),
      [[false, ['control']]],
    );
  });

  it('never asks for WebGL', async () => {
    await openCase();
    assert.deepEqual(await page.evaluate(() => played.contexts), ['2d']);
  });

  it('says in the pane what cannot be read, and shows the rest', async () => {
    const path = join(fixture.run, 'predictions', 'ct', 'teacher', 'ct2.nii.gz');
    const whole = join(folder, 'whole.nii.gz');
    await copyFile(path, whole);
    await writeFile(path, Buffer.from('H4sIAAAAAAAAA2NgGAWjYBSMglEwCkbBKBgFAAAAAP//', 'base64'));
    try {
      await openCase('ct2');
      assert.match(
        await page.locator('[data-pane=teacher] .banner').innerText(),
        /teacher.ct2\.nii\.gz/,
      );
      assert.equal(await page.locator('[data-pane=student] .banner').isVisible(), false);
      assert.ok((await page.locator('[data-pane=student] .figure').innerText()).startsWith('Dice'));
    } finally {
      await copyFile(whole, path);
    }
  });

  it('says in a sentence why a damaged image is not shown', async () => {
    const path = join(folder, 'damaged.nii');
    await writeFile(path, 'not an image');
    await openFile(path);
    const text = await page.getByRole('alert').innerText();
    assert.match(text, /damaged\.nii does not begin with a NIfTI header/);
    await keepScreenshot(page, 'viewer-damaged');
  });

  it('shows what the readers of its files noticed, and nothing where that is nothing', async () => {
    const turned = join(folder, 'turned.tif');
    await writeFile(turned, tiffOf([{ ...greyPage, 274: [3] }]));
    await openFile(turned);
    const warnings = page.getByRole('status', { name: 'Warnings' });
    assert.match(
      await warnings.innerText(),
      /turned\.tif is stored 2 x 1 .* its TIFF orientation is 3\./,
    );
    await openFile(join(folder, 'ct', 'images', 'ct1.nii.gz'));
    assert.equal(await page.getByRole('status', { name: 'Warnings' }).count(), 0);
  });

  it('lays dropped files over an image, and takes them away', async () => {
    const image = join(folder, 'ct', 'images', 'ct1.nii.gz');
    const label = join(folder, 'ct', 'labels', 'ct1.nii.gz');
    await openFile(image);
    assert.equal(await page.locator('.pane').count(), 1);
    const drop = async (path: string) => {
      await page.evaluate((uri) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.setData('text/uri-list', uri);
        window.dispatchEvent(
          new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }),
        );
      }, pathToFileURL(path).toString());
      await settle();
    };
    await drop(label);
    assert.deepEqual(await titles(), ['ct1.nii.gz']);
    await setRange('Opacity of the overlay', 1);
    const plane = planeInfo('axial');
    const slice = await sliceShown();
    const at = Array.from({ length: plane.rows * plane.columns }, (_, n) => n).find(
      (n) =>
        fixture.reference[
          voxelIndex(plane, slice, Math.floor(n / plane.columns), n % plane.columns)
        ] === 1,
    )!;
    const color = () =>
      colorAt('overlay 0', plane, Math.floor(at / plane.columns), at % plane.columns);
    isColor(await color(), classColor(0), 'label 3, the first of the file');
    // A second one is compared with the first.
    await drop(join(fixture.run, 'predictions', 'ct', 'student', 'ct1.nii.gz'));
    assert.deepEqual(await titles(), [
      'labels/ct1.nii.gz (reference)',
      'student/ct1.nii.gz',
      'Errors',
    ]);
    await keepScreenshot(page, 'viewer-overlays');
    await page.getByRole('button', { name: 'Remove labels/ct1.nii.gz' }).click();
    await settle();
    assert.equal((await titles()).length, 1);
    // What comes from outside the editor has no place that the page may know.
    await page.evaluate(() => window.dispatchEvent(new DragEvent('drop', { cancelable: true })));
    assert.match(await page.getByRole('alert').innerText(), /Hold Shift and drop files/);
  });

  it('says what it shows to those who do not see it', async () => {
    await openCase();
    await page.waitForSelector('.strip-row');
    await focusPane();
    await press('ArrowUp');
    const label = await page.locator('[data-pane=student] .stage').getAttribute('aria-label');
    assert.match(
      label!,
      /^Student, distilled: ct \/ ct1, Axial, slice 6 of 10, Teacher \d\.\d\d, warm-up/,
    );
    await page.waitForTimeout(700);
    assert.match(await page.locator('.spoken[role=status]').innerText(), /slice 6 of 10, Teacher/);
    // Everything that acts has a name.
    const nameless = await page.evaluate(() =>
      [
        ...document.querySelectorAll(
          'input, button, canvas[role], [role=listbox], [role=option], vscode-toolbar-button, vscode-single-select',
        ),
      ]
        .filter((e) => {
          const named = e.getAttribute('aria-label') ?? e.getAttribute('label') ?? e.textContent;
          return !named?.trim();
        })
        .map((e) => e.outerHTML.slice(0, 120)),
    );
    assert.deepEqual(nameless, []);
  });

  it('can be worked by keys alone: help tells them, Escape leaves it', async () => {
    await openCase();
    await focusPane();
    await press('?');
    assert.match(await page.getByRole('dialog', { name: 'Keys' }).innerText(), /next worst slice/);
    await keepScreenshot(page, 'viewer-keys');
    await press('Escape');
    assert.equal(await page.getByRole('dialog', { name: 'Keys' }).isVisible(), false);
    await press('2');
    assert.match(await status(), /window -160 … 240/);
    await press('b');
    assert.equal(await page.locator('.sidebar').isVisible(), false);
  });

  for (const theme of ['dark', 'light', 'high contrast'] as ThemeName[])
    it(`stays readable in ${theme}`, async () => {
      await openCase('ct1', { theme });
      await page.waitForSelector('.strip-row');
      await focusPane();
      await press('Alt+ArrowLeft', 4);
      await keepScreenshot(page, `viewer-${theme.replace(' ', '-')}`);
      const [ground, ...texts] = await page.evaluate(() =>
        [
          document.body,
          ...document.querySelectorAll(
            '.caption, .figure, .status span, .cases li:not([aria-selected=true]) span, .classes td, .row-title, .count',
          ),
        ].map((e, n) => {
          const style = getComputedStyle(e);
          return n === 0 ? style.backgroundColor : e.textContent ? style.color : '';
        }),
      );
      const faint = texts.filter((color) => color && contrast(color, ground) < 4.5);
      assert.ok(texts.length > 20);
      assert.deepEqual(faint, []);
    });
});

/** Ratio of the luminances of two colours, as WCAG has it. */
function contrast(one: string, other: string): number {
  const light = (text: string) => {
    const [r, g, b] = text
      .match(/[\d.]+/g)!
      .map(Number)
      .map((v) => (v <= 10 ? v / 3295 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [a, b] = [light(one), light(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
