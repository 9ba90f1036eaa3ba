import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { encodePng } from '../engine/images/png';
import { oneLine, withoutLinks } from '../engine/presentation/plain-text';
import { tableCsv } from '../engine/presentation/table';
import { casesCsv } from '../engine/presentation/cases-csv';
import { formatReport } from '../engine/presentation/terminal';
import { casesTable, metricsTable } from '../engine/presentation/tables';
import { reportFormats } from '../engine/report/report-formats';
import { writeReport } from '../engine/report/run-report';
import { readInside, regularInside } from '../engine/runs/inside';
import { largestBytes, runFiles, studentModel } from '../engine/runs/run-files';
import { RunFolder } from '../engine/runs/run-folder';
import { runEvents, runHandlers } from '../engine/server/runs';
import { viewerHandlers } from '../engine/server/viewer';
import { describeDomain } from '../extension/config/domain-summary';
import { describeResults, summarizeReport } from '../engine/presentation/report-summary';
import { configOf, originalConfig, readConfigCopy } from '../extension/run-config-file';
import { RunModel } from '../extension/run-model';
import { startRun } from '../extension/run-process';
import { closingText, progressTooltip, runTooltip, statusText } from '../extension/run-texts';
import { runCommand } from './engine/command-line';
import { withFolder } from './engine/images/shared';
import { makeRun as makeViewedRun } from './engine/viewer/run-fixture';
import { hostileName, hostileTexts, intruder, makeHostileRun } from './hostile-run';
import { markdown } from './markdown';

/** Of a request that nobody takes back. */
const never = { isCancellationRequested: false } as never;

/** A hostile run with what it tries to lead to beside it. */
const withHostileRun = (
  use: (run: string, outside: string) => Promise<void>,
  options: Parameters<typeof makeHostileRun>[2] = {},
) =>
  withFolder(async (folder) => {
    const [run, outside] = [join(folder, 'run'), join(folder, 'outside')];
    mkdirSync(run);
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret.json'), '{ "secret": true }');
    writeFileSync(join(outside, 'secret.png'), encodePng(new Uint8Array(16), 4, 4));
    makeHostileRun(run, outside, options);
    await use(run, outside);
  });

const modelOf = (run: string): RunModel => {
  const model = new RunModel(run);
  model.refresh();
  return model;
};

/** A run with how far it is, as the window asks the engine for it. */
const watched = (run: string): RunModel =>
  Object.assign(modelOf(run), { progress: runEvents(run, null).progress });

/** Nothing but paragraphs and bold text; and some of the hostile text, so that this is not empty. */
function assertText(paragraphs: readonly string[]): void {
  const html = markdown.render(paragraphs.join('\n\n'));
  assert.deepEqual(
    new Set(html.match(/<[^>]*>/g)),
    new Set(['<p>', '</p>', '<strong>', '</strong>']),
  );
  assert.ok(html.includes('intruder.example') || html.includes('command:'), html);
  assert.ok(html.length < 20_000, `${html.length} characters`);
}

const controls = /(?![\n\t])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

describe('the run of somebody with bad intentions', function () {
  this.timeout(120_000);

  describe('in the editor', () => {
    it('has tooltips of text', () =>
      withHostileRun((run) => {
        const model = watched(run);
        assert.equal(model.state, 'failed');
        assertText(runTooltip(model));
        assertText(progressTooltip([model, model]));
        return Promise.resolve();
      }));

    it('has messages without links, of a length that can be read', async () => {
      for (const state of ['failed', 'finished'])
        await withHostileRun(
          (run) => {
            const said = withoutLinks(closingText(watched(run)), 1000);
            assert.doesNotMatch(said, /\[[^\]]+\]\(/);
            assert.doesNotMatch(said, /\n/);
            assert.ok(said.length <= 1000);
            assert.ok(said.includes(intruder) || state === 'finished', said);
            return Promise.resolve();
          },
          { state },
        );
    });

    it('has labels without icons', () =>
      withHostileRun((run) => {
        const model = watched(run);
        const { plan, stage } = model.progress;
        const text = hostileTexts['an icon'];
        const stages = plan.stages.map((one) => ({ ...one, title: `${text} ${one.title}` }));
        model.progress = { ...model.progress, plan: { ...plan, stages }, stage: 'gkd' };
        assert.ok(stage !== null);
        assert.match(statusText([model]), /flame/);
        assert.doesNotMatch(statusText([model]), /\$\(/);
        assert.ok(
          oneLine(describeResults(summarizeReport(new RunFolder(run).readReport()))).length <= 300,
        );
        return Promise.resolve();
      }));

    it('has domains of text in tooltips and hovers', () => {
      for (const text of [hostileName, ...Object.values(hostileTexts)])
        markdown
          .render(
            describeDomain(`ct ${text}`, {
              role: 'source',
              cases: [{ id: text, split: 'train', image: text, label: text }],
              files: 1,
              read: 1,
              slices: 3,
              sizes: [['3 x 3 x 3', 1]],
              spacings: [],
              kinds: [`png ${text}`],
              range: [0, 1],
              classes: [{ name: `liver ${text}`, share: 0.5, cases: 1 }],
              values: [],
            }).join('\n\n'),
          )
          .match(/<[^>]*>/g)!
          .forEach((tag) => assert.match(tag, /^<\/?(p|strong)>$/, text));
    });

    it('chooses no file to be opened, and no config to be run', () =>
      withHostileRun((run, outside) => {
        const model = modelOf(run);
        const named = (config: unknown) => {
          model.record = { ...model.record!, config: config as string };
          return originalConfig(model);
        };
        mkdirSync(join(outside, 'folder.distill.jsonc'));
        spawnSync('mkfifo', [join(outside, 'pipe.distill.jsonc')]);
        for (const config of [
          ...[
            '/dev/zero',
            '/etc/passwd',
            '--help',
            '--out=/x.distill.jsonc',
            'x.distill.jsonc',
            '',
          ],
          ...[`\\\\${intruder}\\share\\x.distill.jsonc`, `//${intruder}/share/x.distill.jsonc`],
          ...[join(outside, 'folder.distill.jsonc'), join(outside, 'pipe.distill.jsonc')],
          ...[undefined, 7, {}],
        ]) {
          assert.equal(named(config), null, JSON.stringify(config));
          assert.equal(configOf(model), join(run, runFiles.config));
        }
        const own = join(outside, 'own.distill.jsonc');
        writeFileSync(own, '{}');
        assert.equal(named(own), own);
        return Promise.resolve();
      }));
  });

  describe('in reports', () => {
    it('is HTML of text', () =>
      withHostileRun(async (run, outside) => {
        const path = join(outside, 'report.html');
        await writeReport(run, path);
        const html = readFileSync(path, 'utf8');
        const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, name]) => name));
        const ours =
          `html head meta title style body h1 h2 p table thead tbody tr th td strong div figure svg rect g path line
          text circle polyline defs clipPath use dl dt dd details summary pre`.split(/\s+/);
        for (const tag of tags) assert.ok(ours.includes(tag), tag);
        // Of our own elements, no attribute that loads or runs anything.
        assert.doesNotMatch(html, /<[^>]*\s(?:src|href|on\w+|style|srcset|action)=/i);
        assert.doesNotMatch(html, controls);
        assert.ok(html.includes(intruder));
      }));

    it('is Markdown of text', () =>
      withHostileRun(async (run, outside) => {
        const path = join(outside, 'report.md');
        await writeReport(run, path);
        const text = readFileSync(path, 'utf8');
        const html = markdown.render(text);
        const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, name]) => name));
        const ours = ['h1', 'h2', 'p', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'strong', 'ul'];
        for (const tag of tags) assert.ok([...ours, 'li', 'pre', 'code'].includes(tag), tag);
        assert.doesNotMatch(text, controls);
        // One block of code, which is the config.
        assert.equal(html.match(/<pre>/g)!.length, 1);
      }));

    it('is CSV without formulas, and its numbers are numbers', async () => {
      for (const text of [
        ...Object.values(hostileTexts),
        ...['=1', '+1+1', '-1+1', '@A1', '\r=1', '\n=1', '\t@A1', '\uff1d1', '"=1', ';=1', '  -A1'],
      ])
        await withHostileRun(
          (run) => {
            const report = new RunFolder(run).readReport();
            for (const csv of [
              casesCsv({ ...report, classes: [text] }),
              tableCsv(metricsTable(report)),
              tableCsv(casesTable(report)),
              tableCsv({ title: '', columns: [{ title: text }], rows: [[{ text }]] }),
            ]) {
              const cells = cellsOf(csv);
              for (const cell of cells)
                assert.ok(
                  !/^[\s=+\-@\uff1d\uff0b\uff0d\uff20]/.test(cell) ||
                    /^-?[\d.]+(?:e[+-]?\d+)?$/.test(cell) ||
                    /^\s+[^\s=+\-@]/.test(cell),
                  JSON.stringify(cell.slice(0, 100)),
                );
            }
            assert.ok(cellsOf(casesCsv(report)).some((cell) => /^0\.\d{3}/.test(cell)));
            return Promise.resolve();
          },
          { text },
        );
    });

    it('is text on a terminal', () =>
      withHostileRun(async (run, outside) => {
        const { code, stdout, stderr } = await runCommand(['table', run]);
        assert.equal(code, 0, stderr);
        assert.ok(stdout.includes('intruder.example'));
        for (const text of [
          stdout,
          stderr,
          formatReport(new RunFolder(run).readReport()),
          (await runCommand(['report', run, '--out', join(outside, `\x1b]0;x\x07\u202e.pdf`)]))
            .stderr,
          (await runCommand(['evaluate', run, '--json'])).stderr,
          (await runCommand(['predict', run, join(outside, 'secret.png'), '--out', outside]))
            .stderr,
        ])
          assert.doesNotMatch(text.replaceAll('\n', ''), controls);
        assert.ok(stdout.length < 100_000, `${stdout.length} characters`);
      }));
  });

  describe('in its files', () => {
    const cases: [name: string, id: string, why: RegExp][] = [
      [
        'a pipe',
        'mr1',
        /report\.json names "pipe\.png", which is no regular file; it is not read\.$/,
      ],
      ['a device', 'mr2', /names "\/dev\/zero", which is no regular file; it is not read\.$/],
      ['a link out of the folder', 'link', /link\.png is a symbolic link; /],
      ['a way out of the folder', 'above', /leads out of the run's folder; it is not read\.$/],
      ['another machine', 'share', /is on another machine; it is not asked for\.$/],
      ['another machine, with slashes', 'share with slashes', /is on another machine; /],
      ['a file of the system', 'process', /\/proc\/self\/environ is (?:empty|of no known format)/],
    ];
    for (const [name, id, why] of cases)
      it(`is refused by the viewer, at once, where an image is ${name}`, () =>
        withHostileRun(
          async (run) => {
            const { domains } = new RunFolder(run).readReport();
            const domain = Object.keys(domains).find((d) => d.startsWith('mr'))!;
            const found = Object.keys(domains[domain].files).find(
              (own) => own === id || own.startsWith(`${id} !`),
            )!;
            const began = performance.now();
            const source = { kind: 'case', run, domain, id: found } as const;
            await assert.rejects(viewerHandlers.viewerOpen({ source }, never), (error: Error) => {
              assert.equal(error.name, 'UserError');
              assert.match(error.message, why);
              return true;
            });
            assert.ok(performance.now() - began < 2000);
          },
          { text: hostileTexts['picture'] },
        ));

    it('has predictions that lead nowhere else', () =>
      withFolder(async (folder) => {
        const { run } = await makeViewedRun(folder);
        const source = { kind: 'case', run, domain: 'ct', id: 'ct1' } as const;
        const own = (network: string) => join(run, 'predictions/ct', network, 'ct1.nii.gz');
        const away = join(folder, 'elsewhere.nii.gz');
        writeFileSync(away, readFileSync(own('teacher')));
        rmSync(own('teacher'));
        symlinkSync(away, own('teacher'));
        rmSync(own('warmup'));
        spawnSync('mkfifo', [own('warmup')]);
        rmSync(own('control'));
        mkdirSync(own('control'));
        const stored = join(run, 'probabilities/ct/student/ct1.nii.gz');
        truncateSync(stored, 2 ** 35);
        const { layers } = await viewerHandlers.viewerOpen({ source }, {
          isCancellationRequested: false,
        } as never);
        const errorOf = (name: string) => layers.find((layer) => layer.name === name)?.error ?? '';
        assert.equal(errorOf('reference'), '');
        assert.match(errorOf('teacher'), /is a symbolic link/);
        assert.match(errorOf('warmup'), /is no regular file/);
        assert.match(errorOf('control'), /is no regular file/);
        assert.match(
          errorOf('student'),
          /probabilities\/ct\/student\/ct1\.nii\.gz has 34359738368 bytes; of a file of its kind at most 17179869184 are read\.$/,
        );
      }));

    it('has weights that are refused in a sentence, by size, kind and place', () =>
      withHostileRun(async (run) => {
        const folder = new RunFolder(run);
        await assert.rejects(
          folder.readStageWeights('teacher', new Map()),
          /it is no regular file\.$/,
        );
        await assert.rejects(
          folder.readStageWeights('warmup', new Map()),
          /warmup\.safetensors is not a whole safetensors file: its header claims 1152921504606846976 bytes; here it can have 8 at most\.$/,
        );
        await assert.rejects(
          Promise.resolve().then(() => folder.readStageWeights('control', new Map())),
          /is a symbolic link/,
        );
        const large = join(run, 'weights/large.safetensors');
        writeFileSync(large, '');
        truncateSync(large, 2 ** 36);
        await assert.rejects(
          folder.readStageWeights('large', new Map()),
          /large\.safetensors has 68719476736 bytes; of a safetensors file at most 17179869184 are read\.$/,
        );
        assert.throws(
          () => regularInside(run, studentModel, largestBytes.model),
          /student\.onnx has 5000000000 bytes; of a file of its kind at most 2147483648 are read\.$/,
        );
      }));

    for (const name of ['record', 'report', 'config', 'metrics', 'log'] as const)
      it(`is read neither through ${runFiles[name]} nor waited for`, () =>
        withHostileRun(async (run, outside) => {
          const path = join(run, runFiles[name]);
          const read = async () => {
            const began = performance.now();
            const model = modelOf(run);
            model.reason();
            readConfigCopy(run);
            await runHandlers.runSummaries({ runs: [run] }, never);
            await runHandlers.runEvents({ run, from: null }, never).catch((error: Error) => {
              assert.equal(error.name, 'UserError', error.stack);
            });
            assert.ok(!JSON.stringify(model.record ?? {}).includes('"secret":'));
            const said: string[] = [];
            for (const ending of Object.keys(reportFormats))
              await writeReport(run, join(outside, `r.${ending}`)).catch((error: Error) => {
                assert.equal(error.name, 'UserError', error.stack);
                said.push(error.message);
              });
            assert.ok(performance.now() - began < 10_000);
            return said.join();
          };
          rmSync(path);
          symlinkSync(join(outside, 'secret.json'), path);
          if (name !== 'log') assert.match(await read(), /is a symbolic link/);
          rmSync(path);
          symlinkSync('/dev/zero', path);
          await read();
          rmSync(path);
          spawnSync('mkfifo', [path]);
          const piped = await read();
          if (name !== 'log' && name !== 'metrics') assert.match(piped, /is no regular file/);
          rmSync(path);
          mkdirSync(path);
          await read();
          rmSync(path, { recursive: true });
          if (name === 'metrics' || name === 'log') return;
          writeFileSync(path, '');
          truncateSync(path, 5e9);
          assert.match(await read(), new RegExp(`has 5000000000 bytes; .* ${largestBytes[name]} `));
        }));

    it('has graphs that lead nowhere else', () =>
      withHostileRun((run, outside) => {
        const graph = join(run, 'graphs/link.json');
        symlinkSync(join(outside, 'secret.json'), graph);
        symlinkSync(outside, join(run, 'graphs/away'));
        writeFileSync(join(run, 'graphs/large.json'), '');
        truncateSync(join(run, 'graphs/large.json'), 1e10);
        for (const [file, why] of [
          ['graphs/link.json', /is a symbolic link/],
          ['graphs/away/secret.json', /is a symbolic link/],
          ['graphs/../../outside/secret.json', /is no path within/],
          ['/etc/passwd', /is no path within/],
          [`\\\\${intruder}\\share\\a`, /is no path within/],
          ['graphs/large.json', /has 10000000000 bytes; of a file of its kind at most 100000000 /],
        ] as const) {
          assert.throws(() => new RunFolder(run).readSnapshot(file), why);
          assert.throws(() => readInside(run, file, largestBytes.picture), /./);
        }
        assert.equal(readInside(run, 'graphs/none.png', 1), null);
        return Promise.resolve();
      }));

    it('is not written through when it is resumed', () =>
      withHostileRun(async (run, outside) => {
        const target = join(outside, 'profile');
        writeFileSync(target, 'before\n');
        const log = join(run, runFiles.log);
        const start = {
          cli: '/none.js',
          config: '/none',
          folder: run,
          resume: true,
          variables: {},
        };
        rmSync(log);
        symlinkSync(target, log);
        await assert.rejects(startRun(start), /is a symbolic link/);
        rmSync(log);
        spawnSync('mkfifo', [log]);
        await assert.rejects(startRun(start));
        assert.equal(readFileSync(target, 'utf8'), 'before\n');
        assert.ok(existsSync(target) && statSync(target).size === 7);
      }));
  });
});

/** The cells of a CSV, as a program reads them. */
function cellsOf(csv: string): string[] {
  const cells: string[] = [];
  for (let at = 0; at < csv.length;) {
    let cell = '';
    if (csv[at] === '"') {
      for (at++; csv[at] !== '"' || csv[at + 1] === '"'; at++) {
        cell += csv[at];
        if (csv[at] === '"') at++;
      }
      at++;
    } else while (at < csv.length && !/[,\r\n]/.test(csv[at])) cell += csv[at++];
    cells.push(cell);
    at += csv.startsWith('\r\n', at) ? 2 : 1;
  }
  return cells;
}
