import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';
import { print, screenshot } from './bridge';

/** Called by VS Code in the extension host; fails where a test does. */
export async function run(): Promise<void> {
  // The extension host's console is the browser's, among much else; the bridge leads to the terminal.
  let printed = Promise.resolve();
  Mocha.reporters.Base.consoleLog = (...parts: unknown[]) => {
    printed = printed.then(() => print(format(...parts)));
  };
  const mocha = new Mocha({
    ui: 'bdd',
    color: process.env['MEDDISTILL_TEST_COLOR'] === 'yes',
    timeout: 60_000,
    reporter: 'spec',
    grep: process.env['MEDDISTILL_TEST_GREP']
      ? new RegExp(process.env['MEDDISTILL_TEST_GREP'])
      : undefined,
  });
  // A picture says more than that something was waited for.
  mocha.suite.afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await screenshot(`failed ${this.currentTest.title.replace(/\W+/g, '-')}`);
  });
  for (const name of readdirSync(__dirname).sort())
    if (name !== 'index.js' && name.endsWith('.js')) mocha.addFile(join(__dirname, name));
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  await printed;
  if (failures > 0) throw new Error(`${failures} tests failed.`);
}
