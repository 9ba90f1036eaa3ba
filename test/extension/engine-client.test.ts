import { build } from 'esbuild';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineClient, type EngineCrash } from '../../extension/engine-client';
import { RestartLimit } from '../../extension/restart-limit';

const until = async (probe: () => boolean): Promise<void> => {
  for (const end = Date.now() + 5000; !probe();) {
    if (Date.now() > end) throw new Error('Waited 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

describe('the client of the engine', function () {
  this.timeout(30_000);
  let folder: string;
  let module: string;
  let client: EngineClient;
  let crashes: EngineCrash[];
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meddistill-client-'));
    module = join(folder, 'server.js');
    await build({
      entryPoints: ['engine/server/server.ts'],
      outfile: module,
      bundle: true,
      platform: 'node',
      mainFields: ['module', 'main'],
      external: ['onnxruntime-node', 'onnxruntime-web'],
      logLevel: 'silent',
    });
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(() => {
    crashes = [];
    client = new EngineClient(module, { info: write, warn: write, error: write }, (crash) =>
      crashes.push(crash),
    );
  });
  afterEach(() => client.dispose());

  const summarize = (text: string) =>
    client.request('summarize', { file: '/x.distill.jsonc', text, variables: {} });

  it('starts on the first request, and one process answers all', async () => {
    assert.equal(client.pid, undefined);
    const [a, b] = await Promise.all([summarize('{'), summarize('{}')]);
    assert.match(a.faults[0].message, /not JSON/);
    assert.ok(b.faults.some(({ message }) => message.includes('classes')));
    assert.ok(client.pid);
  });

  it('tells a crash once and starts again on the next request', async () => {
    await summarize('{}');
    const first = client.pid!;
    process.kill(first, 'SIGKILL');
    await until(() => crashes.length > 0);
    assert.match(crashes[0].message, /stopped unexpectedly \(SIGKILL\)/);
    assert.equal(crashes[0].final, false);
    await summarize('{}');
    assert.notEqual(client.pid, first);
    assert.equal(crashes.length, 1);
  });

  it('rejects what a crash leaves unanswered', async () => {
    await summarize('{}');
    const pending = summarize('{}');
    process.kill(client.pid!, 'SIGKILL');
    await assert.rejects(pending);
  });

  it('gives up after 5 crashes within 3 minutes, until it is restarted by hand', async () => {
    const broken = join(folder, 'broken.js');
    writeFileSync(broken, 'console.error("no such device"); process.exit(3);');
    client.dispose();
    client = new EngineClient(broken, { info: write, warn: write, error: write }, (crash) =>
      crashes.push(crash),
    );
    for (let n = 1; n <= 5; n++) {
      await assert.rejects(summarize('{}'));
      await until(() => crashes.length === n);
    }
    assert.deepEqual(
      crashes.map(({ final }) => final),
      [false, false, false, false, true],
    );
    assert.match(crashes[0].message, /exit code 3\): no such device/);
    await assert.rejects(summarize('{}'), /not started again by itself/);
    assert.equal(crashes.length, 5);
    client.restart();
    await assert.rejects(summarize('{}'));
    await until(() => crashes.length === 6);
  });

  it('ends its process when it is disposed, without a crash', async () => {
    await summarize('{}');
    const pid = client.pid!;
    client.dispose();
    await until(() => {
      try {
        process.kill(pid, 0);
        return false;
      } catch {
        return true;
      }
    });
    assert.deepEqual(crashes, []);
    await assert.rejects(summarize('{}'), /closing/);
  });
});

describe('the limit of restarts', () => {
  it('forgets crashes that are older than its span', () => {
    let now = 0;
    const limit = new RestartLimit(2, 100, () => now);
    limit.add();
    limit.add();
    assert.ok(limit.reached());
    now = 101;
    assert.ok(!limit.reached());
  });
});
