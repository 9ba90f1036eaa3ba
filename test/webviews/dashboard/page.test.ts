import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { keepScreenshot, needBrowser, StandAlone } from '../stand-alone';
import { themes, type ThemeName } from '../themes';
import { contrastiveHeatmaps } from '../../../engine/presentation/charts';
import { rgb, scaleColor } from '../../../engine/presentation/palette';
import type { PageState } from '../../../webviews/dashboard/state';
import { madeRun } from '../../engine/presentation/run-events';
import type { Played } from './host';

declare const played: Played;

describe('the dashboard', function () {
  this.timeout(60_000);
  let stand: StandAlone;
  let page: Page;
  let problems: string[];

  before(async function () {
    needBrowser(this);
    stand = await StandAlone.open('dashboard', join(__dirname, 'host.ts'));
  });
  after(async () => stand?.close());

  const open = async (query = '', size = { width: 1180, height: 900 }) => {
    ({ page, problems } = await stand.page(query, size));
    await page.waitForSelector('.overview:not([hidden])');
    await settle();
  };
  const settle = () =>
    page.evaluate(
      () => new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done, 60))),
    );
  const tab = async (name: string) => {
    await page.getByRole('tab', { name, exact: true }).click();
    await settle();
  };
  afterEach(async () => {
    assert.deepEqual(problems ?? [], []);
    await page?.context().close();
  });

  it('shows stages, time left, speed, device and memory of a run that goes on', async () => {
    await open('until=900');
    const text = await page.locator('.overview').innerText();
    assert.match(text, /Running/);
    assert.match(text, /13 min/);
    assert.match(text, /cpu \(A processor\), 2 threads/);
    assert.match(text, /MiB/);
    assert.equal(await page.locator('[aria-current=step] .name').innerText(), 'Control');
    assert.match(await page.locator('[aria-current=step]').innerText(), /\d+ of 200/);
  });

  it('draws what comes while it is open', async () => {
    await open('until=900');
    const before = await page.locator('[aria-current=step]').innerText();
    await page.evaluate(() => played.go(50));
    await settle();
    assert.notEqual(await page.locator('[aria-current=step]').innerText(), before);
    await page.evaluate(() => played.go(1e6));
    await settle();
    assert.match(await page.locator('.badge').innerText(), /Finished/);
    await page.evaluate(() => played.go(0));
  });

  for (const theme of ['light', 'dark', 'high contrast'] as ThemeName[])
    it(`is drawn without a fault in the ${theme} theme`, async () => {
      await open(`theme=${encodeURIComponent(theme)}`);
      await keepScreenshot(page, `training-${theme.replace(' ', '-')}`);
      await tab('Graphs');
      await page
        .locator('canvas.heatmap')
        .first()
        .hover({ position: { x: 120, y: 40 } });
      await settle();
      await keepScreenshot(page, `graphs-${theme.replace(' ', '-')}`);
      await tab('Results');
      await keepScreenshot(page, `results-${theme.replace(' ', '-')}`);
      await tab('Compare');
      await page.evaluate(() => played.addRun(2));
      await settle();
      await keepScreenshot(page, `compare-${theme.replace(' ', '-')}`);
    });

  it('follows the theme while it is open', async () => {
    await open('theme=light');
    const colors = () =>
      page.evaluate(() => ({
        background: getComputedStyle(document.body).backgroundColor,
        teacher: [...document.querySelectorAll('.legend button')]
          .find((b) => b.textContent.startsWith('Teacher, ct'))!
          .querySelector('line')!
          .getAttribute('stroke'),
      }));
    assert.deepEqual(await colors(), {
      background: 'rgb(255, 255, 255)',
      teacher: themes.light.variables['meddistill-network1'],
    });
    await page.evaluate(() => played.setTheme('dark'));
    await settle();
    assert.deepEqual(await colors(), {
      background: 'rgb(31, 31, 31)',
      teacher: themes.dark.variables['meddistill-network1'],
    });
  });

  const saved = (name: RegExp) =>
    page.evaluate(
      (source) => played.saved.find((file) => new RegExp(source).test(file.name))!.content,
      name.source,
    );
  const cardOf = (title: string) =>
    page.locator('section.card', { has: page.getByRole('heading', { name: title, exact: true }) });
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
    await settle();
  };
  const live = () => page.locator('#live').innerText();

  it('is read and zoomed with the keyboard', async () => {
    await open();
    await cardOf('Dice by network and domain').locator('.plot').focus();
    await press('Home');
    assert.match(await live(), /^Step of the run 20: Teacher, ct \(source\) 0\.\d+, Teacher, mr/);
    await press('ArrowRight');
    assert.match(await live(), /^Step of the run 40:/);
    await press('+', '+');
    assert.match(await live(), /^Step of the run .+ to .+$/);
    const reset = cardOf('Dice by network and domain').getByRole('button', {
      name: 'Show all of the x axis',
    });
    assert.ok(await reset.isVisible());
    await press('0');
    assert.ok(!(await reset.isVisible()));
  });

  it('zooms by dragging, and shows single points there', async () => {
    await open('steps=4000&every=1000');
    const plot = cardOf('Loss, distillation').locator('.u-over');
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + 100, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + 110, box.y + 60, { steps: 3 });
    await page.mouse.up();
    await settle();
    // It is kept a moment after.
    await page.waitForFunction(
      () =>
        (JSON.parse(sessionStorage.getItem('state') ?? '{}') as Partial<PageState>).charts?.['loss']
          ?.range,
    );
    const [low, high] = await page.evaluate(
      () =>
        (JSON.parse(sessionStorage.getItem('state')!) as PageState).charts['loss'].range as [
          number,
          number,
        ],
    );
    assert.ok(low > 0 && high < 4000 && high - low < 200, `${low} ${high}`);
  });

  it('comes back as it was', async () => {
    await open();
    const curve = page.getByRole('button', { name: /^DCGD intra-coupling/ }).first();
    await curve.click();
    assert.equal(await curve.getAttribute('aria-pressed'), 'false');
    await page.getByLabel('Smoothing').first().fill('0.9');
    await cardOf('Dice by network and domain').locator('.plot').focus();
    await press('+');
    await tab('Graphs');
    await page.getByRole('slider', { name: 'Evaluation' }).fill('2');
    await settle();
    await page.waitForTimeout(300);
    await page.reload();
    await page.waitForSelector('.overview:not([hidden])');
    await settle();
    assert.ok(await page.getByRole('slider', { name: 'Evaluation' }).isVisible());
    assert.equal(await page.locator('output', { hasText: 'step 60' }).count(), 1);
    await tab('Training');
    assert.equal(
      await page
        .getByRole('button', { name: /^DCGD intra-coupling/ })
        .first()
        .getAttribute('aria-pressed'),
      'false',
    );
    assert.equal(await page.getByLabel('Smoothing').first().inputValue(), '0.9');
    assert.ok(
      await cardOf('Dice by network and domain')
        .getByRole('button', { name: 'Show all of the x axis' })
        .isVisible(),
    );
  });

  it('hands charts over as SVG, PNG and CSV', async () => {
    await open();
    const loss = cardOf('Loss, distillation');
    for (const format of ['SVG', 'PNG', 'CSV'])
      await loss.getByRole('button', { name: `Save as ${format}` }).click();
    await page.waitForFunction(() => played.saved.length === 3);
    const svg = (await saved(/^loss-distillation\.svg$/)) as string;
    assert.match(svg, /^<svg [^]*DCGD inter-coupling[^]*<\/svg>$/);
    assert.doesNotMatch(svg, /NaN|undefined|style=|<script/);
    const csv = ((await saved(/\.csv$/)) as string).trim().split('\r\n');
    assert.equal(csv.length, 201);
    assert.match(csv[0], /^Step,Cross-entropy,Soft Dice,/);
    const png = Object.values(await saved(/\.png$/)) as number[];
    assert.deepEqual(png.slice(1, 4), [...Buffer.from('PNG')]);
    const width = Buffer.from(png).readUInt32BE(16);
    assert.equal(width, 2 * Number(/width="(\d+)"/.exec(svg)![1]));
  });

  it('tells in tables what its charts show', async () => {
    await open();
    const dice = cardOf('Dice by network and domain');
    await dice.getByRole('switch', { name: 'Show as a table' }).click();
    const rows = await dice.locator('tbody tr').allInnerTexts();
    assert.match(rows[0], /^20\t0\.\d+\t0\.\d+/);
    await tab('Graphs');
    const teacher = cardOf('Teacher');
    await teacher.getByRole('switch', { name: 'Show as a table' }).click();
    assert.equal(await teacher.locator('tbody tr').count(), 16);
    const vectors = cardOf('Domain-invariant vectors');
    await vectors.getByRole('switch', { name: 'Show as a table' }).click();
    assert.equal(await vectors.locator('tbody tr').count(), 40);
  });

  it('colours cells by their edge, and shows the pair behind one', async () => {
    await open();
    await tab('Graphs');
    const snapshot = madeRun({ steps: 200, every: 20, seed: 1 }).graphs['graphs/gkd-000200.json'];
    const { student } = contrastiveHeatmaps(snapshot, 'inter');
    const canvas = cardOf('Student').locator('canvas.heatmap');
    const colors = await canvas.evaluate((element) => {
      const { width } = element as HTMLCanvasElement;
      const context = (element as HTMLCanvasElement).getContext('2d')!;
      // No named function here: the loader would wrap it in a helper that the page lacks.
      return [
        [0, 1],
        [9, 2],
        [15, 0],
      ].map((cell) => {
        const [y, x] = cell.map((i) => Math.floor(((i + 0.5) * width) / 16));
        return [...context.getImageData(x, y, 1, 1).data.subarray(0, 3)];
      });
    });
    const [low, high] = student.range;
    const expected = (
      [
        [0, 1],
        [9, 2],
        [15, 0],
      ] as const
    ).map(([r, c]) => rgb(scaleColor('sequential', (student.values[r][c] - low) / (high - low))));
    assert.deepEqual(colors, expected);

    await canvas.focus();
    await press('ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight');
    const pair = page.locator('.pair');
    assert.match(await pair.innerText(), /image 1 \(ct\), view 1[^]*image 2 \(ct\), view 2/);
    assert.match(await pair.innerText(), /Teacher -?\d.*student -?\d.*difference/);
    await page.waitForFunction(
      () => document.querySelectorAll<HTMLImageElement>('.pair img').length === 2,
    );
    assert.ok(
      await pair
        .locator('img')
        .first()
        .evaluate((i) => (i as HTMLImageElement).naturalWidth === 16),
    );
    await canvas.hover({ position: { x: 250, y: 10 } });
    await settle();
    assert.match(await pair.innerText(), /image 4 \(mr\), view 4/);
    assert.match(await pair.innerText(), /no picture/);
  });

  it('goes back in time with the slider, and stays there while new graphs come', async () => {
    await open('until=1300');
    await tab('Graphs');
    await page.getByRole('slider', { name: 'Evaluation' }).fill('0');
    await settle();
    await page.evaluate(() => played.go(1e6));
    await settle();
    assert.equal(await page.locator('output', { hasText: 'step 20' }).count(), 1);
    assert.equal(await page.getByRole('slider', { name: 'Evaluation' }).getAttribute('max'), '9');
    await page.getByRole('slider', { name: 'Evaluation' }).fill('9');
    await settle();
    assert.equal(await page.locator('output', { hasText: 'step 200' }).count(), 1);
  });

  it('overlays runs, marks the better number, and lets one go again', async () => {
    await open();
    await page.getByRole('button', { name: 'Compare Runs' }).click();
    await settle();
    assert.equal(await page.locator('.chips li').count(), 2);
    const legend = page.locator('.comparison .legend button');
    assert.match((await legend.allInnerTexts()).join(' '), /demo.*seed-2/s);
    assert.match(await page.locator('.comparison .best').innerText(), /0\.760\s+\(best\)/);
    await page.getByRole('button', { name: 'Leave out seed-2' }).click();
    await settle();
    assert.equal(await page.locator('.chips li').count(), 1);
    assert.ok(await page.getByText('Choose runs to see').isVisible());
  });

  it('names every control, and fits a narrow window', async () => {
    await open('', { width: 420, height: 900 });
    for (const name of ['Training', 'Graphs', 'Results', 'Compare']) {
      await tab(name);
      const snapshot = await page.locator('body').ariaSnapshot();
      const nameless = snapshot.match(
        /^\s*- (button|switch|slider|combobox|tab|checkbox)(:.*)?$/gm,
      );
      assert.deepEqual(nameless, null);
      const { wide, window: inner } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        window: innerWidth,
      }));
      assert.ok(wide <= inner, `${name} is ${wide} wide`);
    }
  });

  it('passes on what is to be done with a run', async () => {
    await open('until=900');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Open Config' }).click();
    await settle();
    assert.deepEqual(await page.evaluate(() => played.commands), ['stop', 'openConfig']);
  });
});
