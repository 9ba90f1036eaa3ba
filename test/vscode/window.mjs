// What the tests of reloads do in the editor's window, from outside of it.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Runs a command from the palette. */
export async function command(page, title) {
  // A window that is just starting loses keys.
  for (let attempt = 0; ; attempt++) {
    await page.keyboard.press('F1');
    await page.keyboard.type(title, { delay: 5 });
    const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
    try {
      return await row.click({ timeout: 10_000 });
    } catch (error) {
      if (attempt === 3) throw error;
      await page.keyboard.press('Escape');
    }
  }
}

/** Reloads the window as a user does: then the editor writes down what is open before it goes. */
export async function reloadWindow(page) {
  // What a page keeps is written a moment after it changed.
  await delay(500);
  await command(page, 'Developer: Reload Window');
  await page.waitForEvent('load');
}

/** What the webview that has `selector` says to `expression`, once it says something true; else a picture `NAME-failed.png`. */
export const webviewAsked = (page, selector, pictures, name) => async (expression, what) => {
  for (const end = Date.now() + 60_000; Date.now() < end; await delay(200))
    for (const frame of page.frames()) {
      const value = await frame
        .evaluate(`document.querySelector(${JSON.stringify(selector)}) && (${expression})`)
        .catch(() => null);
      if (value) return value;
    }
  await page.screenshot({ path: join(pictures, `${name}-failed.png`) });
  throw new Error(`Waited 60 s for ${what}`);
};
