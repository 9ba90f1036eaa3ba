import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, readdir, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineEvent } from '../../../engine/contract/events';
import { ConfigError, UserError } from '../../../engine/errors';
import { readComparison, writeComparisonReports } from '../../../engine/report/comparison-report';
import { writeReport } from '../../../engine/report/run-report';
import {
  comparableMethods,
  comparedConfig,
  parseMethods,
  runComparison,
  type ComparisonOptions,
} from '../../../engine/runs/comparison';
import {
  comparisonOf,
  isComparisonFolder,
  seedFolder,
} from '../../../engine/runs/comparison-folder';
import { RunFolder } from '../../../engine/runs/run-folder';
import { parseSeeds } from '../../../engine/runs/seeds';
import { methods as catalogue } from '../../../engine/method/catalogue';
import { readWeights } from '../../../engine/weights';
import { runCommand } from '../command-line';
import { withFolder } from '../images/shared';
import { runTiny, tinyRunConfig, writeConfig, writeTinyCohort } from './tiny-cohort';

/** As short as runs can be. */
function config() {
  const tiny = { ...tinyRunConfig(), methods: ['kd'] as unknown[] };
  const stages = tiny.training['stages'] as Record<string, { steps: number }>;
  for (const stage of Object.values(stages)) stage.steps = 6;
  return tiny;
}

interface Told {
  events: EngineEvent[];
  seeds: string[];
  failed: [number, string][];
}

async function compare(file: string, o: Partial<ComparisonOptions> = {}) {
  const told: Told = { events: [], seeds: [], failed: [] };
  const outcome = await runComparison({
    file,
    methods: null,
    seeds: [0, 1, 2],
    load: {},
    signal: new AbortController().signal,
    onEvent: (event) => told.events.push(event),
    onSeed: (seed, state) => told.seeds.push(`${seed} ${state}`),
    onFailure: (...failure) => told.failed.push(failure),
    ...o,
  });
  return { ...outcome, ...told };
}

const trained = (events: readonly EngineEvent[]): string[] =>
  events.flatMap((e) => (e.type === 'stage' && e.state === 'started' ? [e.stage] : []));

describe('a comparison', function () {
  this.timeout(300_000);

  it('runs every seed as a run of its own, and again only what is new', () =>
    withFolder(async (folder) => {
      const file = await writeTinyCohort(folder, config());
      // A run of the config with one of the seeds: what it has trained is taken from there.
      await runTiny(file, join(folder, 'runs', 'tiny'), { seed: 1 });
      const first = await compare(file);
      assert.equal(first.folder, join(folder, 'runs', 'tiny-compare'));
      assert.deepEqual(first.seeds, ['0 started', '1 started', '2 started']);
      for (const seed of [0, 1, 2]) {
        const run = new RunFolder(seedFolder(first.folder, seed));
        assert.equal(run.readReport().seed, seed);
        assert.equal(comparisonOf(run.path), first.folder);
      }
      const ofSeed1 = first.events.filter(
        (e) => e.type === 'log' && /runs.tiny; its weights/.test(e.message),
      );
      assert.ok(ofSeed1.length >= 3, 'teacher, warm-up and student of the run beside it');

      const again = await compare(file);
      assert.deepEqual(again.seeds, ['0 skipped', '1 skipped', '2 skipped']);
      assert.deepEqual(again.events, []);

      // One more method trains that one alone, and the control where that is to last as long as it.
      const more = await compare(file, { methods: ['kd', 'cwd'], seeds: [0] });
      assert.deepEqual(
        trained(more.events).filter((stage) => stage !== 'control'),
        ['cwd', 'evaluate'],
      );
      const names = new RunFolder(seedFolder(first.folder, 0))
        .readReport()
        .networks.map((n) => n.name);
      assert.deepEqual(names, ['teacher', 'warmup', 'control', 'control-steps', 'kd', 'cwd']);

      // A label that is not what it was is evaluated on anew.
      const now = new Date(Date.now() + 1000);
      await utimes(join(folder, 'mr/labels/mr1.nii.gz'), now, now);
      const changed = await compare(file, { seeds: [2] });
      assert.deepEqual(trained(changed.events), ['evaluate']);
    }));

  it('says why a seed failed, and the others go on; its report says which are missing', () =>
    withFolder(async (folder) => {
      const file = await writeTinyCohort(folder, config());
      const out = join(folder, 'c');
      // In the place of a run's weights there is a file.
      const blocked = seedFolder(out, 1);
      await compare(file, { out, seeds: [0] });
      await appendFile(blocked, 'in the way');
      const { state, failures, failed } = await compare(file, { out });
      assert.deepEqual(failed, [...failures]);
      assert.equal(state, 'finished');
      assert.deepEqual([...failures.keys()], [1]);
      assert.match(failures.get(1)!, /seed1.* cannot be written/);
      const { comparison } = readComparison(out, failures);
      assert.deepEqual(comparison.seeds, ['0', '2']);
      assert.deepEqual(
        comparison.missing.map(({ seed }) => seed),
        ['1'],
      );
      const told = await runCommand(['compare', file, '--out', out, '--seeds', '0..2']);
      assert.equal(told.code, 1);
      assert.match(told.stderr, /^Seed 1 failed: .*cannot be written/);
      assert.match(told.stdout, /Seed 1 is missing: /);
      assert.match(told.stdout, /Of two seeds there is no interval/);
    }));

  it('writes its report as Markdown, HTML, CSV and LaTeX, whole, and from its folder alone', () =>
    withFolder(async (folder) => {
      const file = await writeTinyCohort(folder, config());
      const { folder: out } = await compare(file);
      const reported = readComparison(out);
      const files = await writeComparisonReports(out, reported);
      assert.deepEqual(
        files.map((path) => path.slice(out.length + 1)),
        ['comparison.md', 'comparison.html', 'comparison.csv', 'comparison.tex'],
      );
      const [markdown, html, csv, latex] = files.map((path) => readFileSync(path, 'utf8'));
      assert.match(
        markdown,
        /^# tiny-compare\n\n"Student, distilled" against "Student, trained on", 3 seeds: /,
      );
      assert.match(markdown, /\n## Time and memory\n/);
      assert.match(
        html,
        /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/,
      );
      assert.doesNotMatch(html, /<script|<link|<img|src=|href=|url\(/i);
      assert.match(csv, /\r\nmr,target,dice,kd,student,3,/);
      assert.match(latex, /\\toprule/);
      assert.equal(
        (await readdir(out)).some((name) => name.endsWith('.part')),
        false,
      );
      const { memory, seconds } = reported.comparison.stages.at(-1)!;
      assert.ok(memory! > 1e7 && seconds.mean! > 0);

      await writeReport(out, join(folder, 'x.tex'));
      assert.equal(readFileSync(join(folder, 'x.tex'), 'utf8'), latex);
      await assert.rejects(writeReport(out, join(folder, 'x.pdf')), /\.tex \(LaTeX tables/);
    }));

  it('that is told to end, or is killed, goes on to the same weights', () =>
    withFolder(async (folder) => {
      const file = await writeTinyCohort(folder, config());
      const whole = await compare(file, { out: join(folder, 'whole', 'c'), seeds: [0, 1] });
      const out = join(folder, 'stopped', 'c');
      for (const [signal, code] of [
        ['SIGINT', 1],
        ['SIGKILL', null],
      ] as const) {
        const stopped = await runCommand(
          ['compare', file, '--out', out, '--seeds', '0,1', '--json'],
          (line, child) => {
            const event = JSON.parse(line) as EngineEvent;
            const stage = signal === 'SIGINT' ? 'warmup' : 'kd';
            if (event.type === 'step' && event.stage === stage && event.step === 3)
              child.kill(signal);
          },
        );
        assert.equal(stopped.code, code, stopped.stderr);
        assert.ok(isComparisonFolder(out));
        assert.throws(() => readComparison(out), UserError);
      }
      const { state, seeds } = await compare(file, { out, seeds: [0, 1] });
      assert.deepEqual([state, seeds], ['finished', ['0 started', '1 started']]);
      for (const seed of [0, 1])
        for (const stage of ['teacher', 'warmup', 'kd']) {
          const [own, other] = await Promise.all(
            [out, whole.folder].map(async (path) => {
              const { tensors } = await readWeights(
                new RunFolder(seedFolder(path, seed)).weightsFile(stage),
              );
              return tensors;
            }),
          );
          assert.deepEqual(own, other, `${stage} of seed ${seed}`);
        }
    }));

  it('is one process at a time', () =>
    withFolder(async (folder) => {
      const file = await writeTinyCohort(folder, config());
      const out = join(folder, 'c');
      const both = await Promise.allSettled([
        compare(file, { out, seeds: [0] }),
        compare(file, { out, seeds: [0] }),
      ]);
      const refused = both.filter((it) => it.status === 'rejected');
      assert.equal(refused.length, 1);
      assert.match((refused[0].reason as Error).message, /is working on/);
    }));

  it('is refused where its methods or its config are wrong, before anything is written', () =>
    withFolder(async (folder) => {
      const file = await writeTinyCohort(folder, config());
      await assert.rejects(compare(file, { methods: ['nosuch'] }), (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(
          error.message,
          /methods to compare do not fit the config: methods\.0: "nosuch"/,
        );
        return true;
      });
      await writeConfig(folder, { ...config(), classes: [] });
      await assert.rejects(compare(file), /classes/);
      assert.equal(existsSync(join(folder, 'runs')), false);
      const told = await runCommand(['compare', file, '--seeds', '4..2']);
      assert.equal(told.code, 2);
      assert.match(told.stderr, /"4\.\.2" is none of the forms of seeds: 3, 0,2,5 or 0\.\.4/);
    }));
});

describe("a comparison's config", () => {
  it('has the methods in place of its own, with the options that they have there, and the control', () =>
    withFolder(async (folder) => {
      const own = { method: 'cwd', name: 'cwd-t2', temperature: 2 };
      const file = await writeTinyCohort(folder, {
        ...config(),
        methods: ['gkd', own],
        baselines: [],
      });
      const { text, config: changed } = comparedConfig(
        file,
        ['cwd-t2', 'kd', { method: 'cwd' }],
        {},
      );
      assert.deepEqual(
        changed.methods.map(({ name, method, options }) => [name, method, options['temperature']]),
        [
          ['cwd-t2', 'cwd', 2],
          ['kd', 'kd', changed.methods[1].options['temperature']],
          ['cwd', 'cwd', 4],
        ],
      );
      assert.deepEqual(changed.baselines, ['control']);
      assert.match(text, /"method": "cwd"/);
      assert.deepEqual(
        comparedConfig(file, null, {}).config.methods.map(({ name }) => name),
        ['gkd', 'cwd-t2'],
      );
      await rm(file);
    }));

  it("can have the config's own students and the rest of the catalogue, each with what is trained for it", () =>
    withFolder(async (folder) => {
      const own = { method: 'cwd', name: 'cwd-t2', temperature: 2 };
      const file = await writeConfig(folder, { ...config(), methods: ['kd', own] });
      const found = comparableMethods(file, readFileSync(file, 'utf8'), {});
      assert.deepEqual(found.map(({ name, isOwn }) => [name, isOwn]).slice(0, 2), [
        ['kd', true],
        ['cwd-t2', true],
      ]);
      for (const { name } of catalogue)
        assert.equal(found.filter((method) => method.name === name).length, 1, name);
      const of = (name: string) => found.find((method) => method.name === name)!;
      assert.equal(of('cwd-t2').title, 'CWD (cwd-t2)');
      assert.deepEqual(
        of('gkd').stages.map(({ steps }) => steps),
        [6, 6, 6],
        'semantic autoencoder, alignment and distillation',
      );
      assert.deepEqual(of('kd').stages, [{ title: 'Distillation', steps: 6 }]);
    }));

  it('takes methods as names, or as a list as in a config', () => {
    assert.deepEqual(parseMethods('gkd, kd'), ['gkd', 'kd']);
    assert.deepEqual(parseMethods('["gkd", { "method": "cwd" }]'), ['gkd', { method: 'cwd' }]);
    assert.throws(() => parseMethods('gkd,'), /no list of methods/);
    assert.throws(() => parseMethods('[]'), UserError);
  });

  it('takes seeds in several forms', () => {
    assert.deepEqual(parseSeeds('0..4'), [0, 1, 2, 3, 4]);
    assert.deepEqual(parseSeeds('5,0, 2'), [0, 2, 5]);
    assert.deepEqual(parseSeeds('3'), [3]);
    assert.deepEqual(parseSeeds('0..2,2,7'), [0, 1, 2, 7]);
    for (const wrong of ['', '4..2', '-1', '1.5', 'a', '0..99999', '99999999999'])
      assert.throws(() => parseSeeds(wrong), UserError, wrong);
  });
});
