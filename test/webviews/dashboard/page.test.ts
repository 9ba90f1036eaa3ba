import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { keepScreenshot, needBrowser, StandAlone } from '../stand-alone';
import type { ThemeName } from '../themes';
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
    it(`is legible in the ${theme} theme`, async () => {
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
});
