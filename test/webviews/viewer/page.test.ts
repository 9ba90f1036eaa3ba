import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { makeRun, type RunFixture } from '../../engine/viewer/run-fixture';
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
  let problems: string[];
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

  const settle = () =>
    page.evaluate(
      () => new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done, 120))),
    );
  const open = async (query: Record<string, string>, size = { width: 1280, height: 860 }) => {
    ({ page, problems } = await stand.page(new URLSearchParams(query).toString(), size));
    await page.waitForSelector('.pane canvas');
    await settle();
  };
  const openCase = (id = 'ct1', more: Record<string, string> = {}) =>
    open({ run: fixture.run, domain: 'ct', case: id, ...more });

  it('looks like this', async () => {
    for (const theme of ['dark', 'light', 'high contrast'] as ThemeName[]) {
      await openCase('ct1', { theme });
      await page.waitForSelector('.strip-row');
      await settle();
      await keepScreenshot(page, `viewer-${theme.replace(' ', '-')}`);
      assert.deepEqual(problems, []);
      await page.context().close();
    }
  });
});
