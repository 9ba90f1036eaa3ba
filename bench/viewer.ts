/* The viewer on big files: `npx tsx bench/viewer.ts [slices]`. Engine, forwarding process and page are processes of their own, as in VS Code. */
import { build } from 'esbuild';
import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from 'vscode-jsonrpc/node';
import { encodeNifti1 } from '../engine/images/nifti';
import type { PlaneName, SliceQuery, ViewerSource } from '../engine/contract/viewer';
import { StandAlone } from '../test/webviews/stand-alone';
import { pack, unpack } from '../test/webviews/viewer/packed';

const slices = Number(process.argv[2] ?? 800);
const affine = [
  [-0.7, 0, 0, 180],
  [0, -0.7, 0, 180],
  [0, 0, 1.25, -400],
  [0, 0, 0, 1],
];

/** A made-up abdomen of 512 x 512 x `count` int16, written slice by slice; with `label`, a ball in it as uint8. */
async function writeMade(path: string, count: number, label: boolean): Promise<void> {
  const plane = label ? new Uint8Array(512 * 512) : new Int16Array(512 * 512);
  const header = encodeNifti1([1, 1, 1], label ? Uint8Array.of(0) : Int16Array.of(0), affine);
  const start = header.subarray(0, 352);
  [512, 512, count].forEach((n, axis) => start.writeInt16LE(n, 42 + 2 * axis));
  const file = await open(path, 'w');
  await file.write(start);
  for (let k = 0; k < count; k++) {
    for (let n = 0; n < plane.length; n++) {
      const [x, y, z] = [
        (n % 512) - 256,
        Math.floor(n / 512) - 256,
        (400 * (k - count / 2)) / count,
      ];
      const inside = x * x + 1.6 * y * y < 210 * 210;
      const ball = (x + 70) ** 2 + y * y + z * z < 90 * 90;
      plane[n] = label
        ? Number(ball)
        : inside
          ? (ball ? 110 : 40) + (((n * 48271 + k * 7919) % 61) - 30)
          : -1000 + ((n * 16807 + k) % 17);
    }
    await file.write(new Uint8Array(plane.buffer));
  }
  await file.close();
}

/** Greatest resident memory of a process so far, in MiB. */
const peak = (pid: number): string => {
  const found = existsSync(`/proc/${pid}/status`)
    ? /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    : null;
  return found ? `${Math.round(Number(found[1]) / 1024)} MiB` : 'unknown';
};

async function startEngine(bundle: string) {
  const child: ChildProcess = fork(bundle, [], { serialization: 'advanced', execArgv: [] });
  const connection = createMessageConnection(
    new IPCMessageReader(child),
    new IPCMessageWriter(child),
  );
  connection.listen();
  await connection
    .sendRequest('viewerOpen', {
      source: { kind: 'file', path: '/nowhere', overlays: [] },
    })
    .catch(() => {});
  return {
    pid: child.pid!,
    ask: <T>(method: string, params: unknown): Promise<T> => connection.sendRequest(method, params),
    stop: () => {
      connection.dispose();
      child.kill();
    },
  };
}

const timed = async (work: () => Promise<unknown>): Promise<string> => {
  const began = performance.now();
  await work();
  return `${Math.round(performance.now() - began)} ms`;
};

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'meddistill-bench-'));
  try {
    const bundle = join(folder, 'server.js');
    await build({
      entryPoints: ['engine/server/server.ts'],
      outfile: bundle,
      bundle: true,
      minify: true,
      platform: 'node',
      format: 'cjs',
      mainFields: ['module', 'main'],
      external: ['onnxruntime-node', 'onnxruntime-web'],
      logLevel: 'silent',
    });
    const [model] = cpus();
    console.log(`${cpus().length} x ${model.model}, load ${loadavg()[0].toFixed(1)}`);
    for (const count of [78, slices])
      for (const name of [`made-${count}.nii`, `made-${count}.nii.gz`]) {
        const path = join(folder, name);
        const label = join(folder, `label-${count}.nii.gz`);
        if (name.endsWith('.nii')) {
          await writeMade(path, count, false);
          const plain = join(folder, 'label.nii');
          await writeMade(plain, count, true);
          await pipeline(
            createReadStream(plain),
            createGzip({ level: 1 }),
            createWriteStream(label),
          );
        } else
          await pipeline(
            createReadStream(path.slice(0, -3)),
            createGzip({ level: 1 }),
            createWriteStream(path),
          );
        console.log(`\n512 x 512 x ${count} int16, ${name.slice(name.indexOf('.'))}`);
        await benchEngine(bundle, path, label);
        await benchPage(bundle, path);
      }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function benchEngine(bundle: string, path: string, label: string): Promise<void> {
  const engine = await startEngine(bundle);
  const source: ViewerSource = { kind: 'file', path, overlays: [] };
  const slice = (plane: PlaneName, index: number) =>
    engine.ask('viewerSlice', {
      source,
      plane,
      index,
      frame: 0,
      image: true,
      layers: [],
      threshold: null,
    } satisfies SliceQuery);
  const first = await timed(async () => {
    await engine.ask('viewerOpen', { source });
    await slice('axial', 38);
  });
  const next = await timed(() => slice('axial', 39));
  const coronal = await timed(() => slice('coronal', 200));
  const sagittal = await timed(() => slice('sagittal', 200));
  const after = await timed(() => slice('sagittal', 201));
  console.log(
    `engine: first slice ${first}, next ${next}, coronal ${coronal}, sagittal ${sagittal}, next ${after}`,
  );
  const overlays = { ...source, overlays: [label, label] };
  const counted = await timed(async () => {
    await engine.ask('viewerOpen', { source: overlays });
    await engine.ask('viewerDice', { source: overlays, frame: 0, threshold: null });
  });
  console.log(
    `engine: Dice of every slice in three planes ${counted}; memory at most ${peak(engine.pid)}`,
  );
  engine.stop();
}

async function benchPage(bundle: string, path: string): Promise<void> {
  const engine = await startEngine(bundle);
  const stand = await StandAlone.open('viewer', 'test/webviews/viewer/host.ts', async (body) => {
    const { method, argument } = unpack(body) as { method: string; argument: unknown };
    const value =
      method === 'start'
        ? { opened: { kind: 'file', path, overlays: [] }, settings: null }
        : await engine.ask(method, argument);
    return pack({ value });
  });
  try {
    const { page } = await stand.page('', { width: 1280, height: 860 });
    const shown = await page.waitForFunction(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('.pane canvas');
      const middle =
        canvas && canvas.width > 0
          ? canvas.getContext('2d')!.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data
          : null;
      // Since the page was asked for.
      return middle && middle[0] > 0 ? performance.now() : 0;
    });
    const milliseconds = Math.round(await shown.jsonValue());
    console.log(`page: first slice on the screen ${milliseconds} ms after the page was asked for`);
    await page.locator('.stage').focus();
    const wheel = performance.now();
    for (let n = 0; n < 40; n++) await page.keyboard.press('ArrowUp');
    await page.waitForFunction(
      () => (globalThis as unknown as { played: { open: number } }).played.open === 0,
    );
    console.log(`page: 40 slices on ${Math.round(performance.now() - wheel)} ms`);
    const session = await page.context().browser()!.newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const renderers = processInfo
      .filter(({ type }) => type === 'renderer')
      .map(({ id }) => peak(id));
    console.log(
      `memory at most: engine ${peak(engine.pid)}, this process, which forwards, ${peak(process.pid)}, page ${renderers.join(', ')}`,
    );
  } finally {
    await stand.close();
    engine.stop();
  }
}

void main();
