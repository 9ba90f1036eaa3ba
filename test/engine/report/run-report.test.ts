import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRun } from '../../../engine/report/reported-run';
import { writeReport } from '../../../engine/report/run-report';
import { runCommand } from '../command-line';
import { withFolder } from '../images/shared';
import { config, makeRun } from './made-folder';

describe('the report of a run', () => {
  it('is one HTML file that loads nothing and runs nothing', () =>
    withFolder(async (folder) => {
      makeRun(folder, true);
      const path = join(folder, 'out', 'report.html');
      await writeReport(folder, path);
      const html = readFileSync(path, 'utf8');
      assert.doesNotMatch(html, /<script|<link|<img|src=|href=|url\((?!#)/i);
      assert.ok(html.includes('&#60;script&#62;alert(1)'));
      // Dice, FSD, six stages, six maps, the scatter.
      assert.equal(html.match(/<svg /g)!.length, 2 + 6 + 6 + 1);
      for (const part of [
        'Networks by domain',
        'Dice by case',
        'Contrastive graphs',
        'onnxruntime-node 1.30.0',
      ])
        assert.ok(html.includes(part), part);
      assert.match(html, /<strong>0\.\d{3} \[/);
    }));

  it('is Markdown with every table and the config', () =>
    withFolder(async (folder) => {
      makeRun(folder, true);
      await writeReport(folder, join(folder, 'report.md'));
      const markdown = readFileSync(join(folder, 'report.md'), 'utf8');
      assert.match(markdown, /^# .+\n\nOn mr \(target, 2 cases\) the distilled student's Dice is/);
      assert.equal(markdown.match(/^## /gm)!.length, 5 + 2);
      assert.ok(markdown.includes(config.trim()));
    }));

  it('is CSV of every metric, a row for each network, class and domain', () =>
    withFolder(async (folder) => {
      makeRun(folder, true);
      await writeReport(folder, join(folder, 'report.csv'));
      const lines = readFileSync(join(folder, 'report.csv'), 'utf8').trim().split('\r\n');
      assert.equal(lines.length, 1 + 8);
      assert.match(lines[0], /^Domain,Class,Network,Dice,/);
    }));

  it('of a run that goes on has what there is', () =>
    withFolder(async (folder) => {
      makeRun(folder, false);
      assert.equal(readRun(folder).report, null);
      await writeReport(folder, join(folder, 'report.html'));
      const html = readFileSync(join(folder, 'report.html'), 'utf8');
      assert.ok(html.includes('The run is not finished') && html.includes('Latest Dice'));
      await assert.rejects(writeReport(folder, join(folder, 'report.csv')), /not finished/);
    }));

  it('is refused in another format, and for a folder that is no run', () =>
    withFolder(async (folder) => {
      await assert.rejects(writeReport(folder, join(folder, 'x.html')), /has no run\.json/);
      makeRun(folder, true);
      await assert.rejects(writeReport(folder, join(folder, 'x.pdf')), /\.html .*\.md .*\.csv/);
    }));

  it('is written from the command line', () =>
    withFolder(async (folder) => {
      makeRun(folder, true);
      const out = join(folder, 'report.html');
      const { code, stdout } = await runCommand(['report', folder, '--out', out]);
      assert.equal(code, 0);
      assert.ok(stdout.includes(out));
      assert.match(readFileSync(out, 'utf8'), /^<!doctype html>/);
      const refused = await runCommand(['report', folder, '--out', `${out}.pdf`]);
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /\.html \(self-contained HTML\)/);
    })).timeout(60_000);
});
