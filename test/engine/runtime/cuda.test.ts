import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { CudaSource } from '../../../engine/contract/cuda';
import { UserError } from '../../../engine/errors';
import { cudaStatusLines, questionBeforeLookUp } from '../../../engine/presentation/cuda-text';
import { Random } from '../../../engine/random';
import { cudaSource, lookUp } from '../../../engine/runtime/onnxruntime/cuda/feed';
import { installCuda, type InstallOptions } from '../../../engine/runtime/onnxruntime/cuda/install';
import { installedCuda, removeCuda } from '../../../engine/runtime/onnxruntime/cuda/installed';
import {
  bundledVersion,
  cudaStatus,
  findDriver,
  missingLibraries,
} from '../../../engine/runtime/onnxruntime/cuda/machine';
import { runCommand } from '../command-line';

const random = new Random('made-up libraries');
const library = (bytes: number) =>
  Buffer.concat([
    Buffer.from('\x7fELF', 'latin1'),
    Buffer.from(Uint8Array.from({ length: bytes }, () => 256 * random.uniform())),
  ]);

/** A ZIP archive of files that are stored as they are. */
function archiveOf(files: Readonly<Record<string, Buffer>>): Buffer {
  const [bodies, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [path, data] of Object.entries(files)) {
    const name = Buffer.from(path);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const body = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, data]);
    const end = Buffer.alloc(14);
    end.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, end, name]));
    bodies.push(body);
    offset += body.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(bodies.length, 4);
  end.writeUInt16LE(bodies.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, central, Buffer.from('PK\x05\x06'), end]);
}

/** What the server sends in place of the package. */
type Sends = (response: ServerResponse, archive: Buffer) => void;

describe('the installer of CUDA libraries', function () {
  this.timeout(300_000);
  let server: Server;
  let source: CudaSource;
  let archive: Buffer;
  let send: Sends;
  let entry: Record<string, unknown>;
  let asked: string[] = [];
  const version = bundledVersion();
  const data = mkdtempSync(join(tmpdir(), 'meddistill-cuda-'));
  const dataBefore = process.env['MEDDISTILL_DATA'];

  const whole: Sends = (response, bytes) => response.end(bytes);
  const offered = (bytes: Buffer) => ({
    packageHash: createHash('sha512').update(bytes).digest('base64'),
    packageHashAlgorithm: 'SHA512',
    packageSize: bytes.length,
  });

  before(async () => {
    server = createServer((request, response) => {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const path = request.url!;
      asked.push(path);
      // A connection that is kept may just be closed when it is used again.
      response.setHeader('connection', 'close');
      const id = `${source.package.toLowerCase()}/${version}`;
      if (path === '/index.json')
        return response.end(
          JSON.stringify({
            resources: [
              { '@type': 'SearchQueryService', '@id': `${base}/search` },
              { '@type': 'PackageBaseAddress/3.0.0', '@id': `${base}/flat/` },
              { '@type': 'RegistrationsBaseUrl/3.6.0', '@id': `${base}/registration` },
            ],
          }),
        );
      if (path === `/registration/${id}.json`)
        return response.end(JSON.stringify({ catalogEntry: `${base}/entry.json` }));
      if (path === '/entry.json') return response.end(JSON.stringify(entry));
      if (path === `/flat/${id}/${source.package.toLowerCase()}.${version}.nupkg`)
        return send(response, archive);
      response.writeHead(404).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    source = { ...cudaSource(), index: `http://127.0.0.1:${port}/index.json` };
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(data, { recursive: true, force: true });
    if (dataBefore === undefined) delete process.env['MEDDISTILL_DATA'];
    else process.env['MEDDISTILL_DATA'] = dataBefore;
  });

  beforeEach(() => {
    process.env['MEDDISTILL_DATA'] = data;
    const paths = Object.values(source.files);
    archive = archiveOf({
      'a.txt': Buffer.from('other'),
      ...Object.fromEntries(paths.map((path, i) => [path, library(i === 0 ? 2e6 : 1000)])),
    });
    entry = offered(archive);
    send = whole;
    asked = [];
  });

  const install = async (options: InstallOptions = {}) =>
    installCuda(source, await lookUp(source, options.signal), options);
  const binaries = () =>
    join(data, `cuda-${version}/node_modules/onnxruntime-node/bin/napi-v6/linux/x64`);

  /** What a fresh process loads, and what it says of `cuda`. */
  const loadedFrom = () =>
    JSON.parse(
      execFileSync(
        process.execPath,
        [
          '-r',
          'tsx/cjs',
          '-e',
          `const { openDevice } = require('./engine/runtime/device');
          (async () => {
            const { name } = await openDevice('cpu', 1);
            const message = await openDevice('cuda', 1).then(() => 'it starts', (error) => error.message);
            const file = Object.keys(require.cache).find((path) => /onnxruntime_binding\\.node$/.test(path));
            process.stdout.write(JSON.stringify({ name, file, message }));
          })();`,
        ],
        { cwd: join(__dirname, '../../..'), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      ),
    ) as { name: string; file: string; message: string };

  it('takes its source from ONNX Runtime itself: CUDA alone, of the version that is loaded', () => {
    const own = cudaSource();
    assert.equal(own.version, version);
    assert.equal(new URL(own.index).protocol, 'https:');
    assert.deepEqual(Object.keys(own.files).sort(), [
      'libonnxruntime_providers_cuda.so',
      'libonnxruntime_providers_shared.so',
    ]);
  });

  it('lays the libraries beside a copy of the runtime, which is loaded from then on', async () => {
    assert.match(
      loadedFrom().message,
      /"meddistill cuda install" gets ONNX Runtime's CUDA libraries/,
    );
    const shares: number[] = [];
    const installation = await install({ onProgress: (share) => shares.push(share) });
    assert.equal(installation.cuda, source.cuda);
    assert.deepEqual(installedCuda(version), installation);
    for (const name of Object.keys(source.files))
      assert.ok(statSync(join(binaries(), name)).size > 999);
    assert.ok(shares.length > 1 && shares.every((share, i) => i === 0 || share > shares[i - 1]));
    assert.equal(shares.at(-1), 1);
    assert.deepEqual(readdirSync(data), [`cuda-${version}`]);
    const { name, file, message } = loadedFrom();
    assert.equal(name, 'cpu');
    assert.equal(file, join(binaries(), 'onnxruntime_binding.node'));
    assert.match(message, /^device "cuda" does not start: /);
    assert.doesNotMatch(message, /meddistill cuda install/);
  });

  const partly: Sends = (response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  };
  const failures: [string, RegExp, () => void][] = [
    [
      'a download that is cut off',
      /^The download from \S+ ended after \d+ of \d+ bytes/,
      () => (send = partly),
    ],
    [
      'one that ends early',
      /^The download from \S+ ended after 1000 of \d+ bytes\.$/,
      () => (send = (response, bytes) => response.end(bytes.subarray(0, 1000))),
    ],
    [
      'one that is longer than the feed says',
      /is longer than the \d+ bytes that its feed says\.$/,
      () => (send = (response, bytes) => response.end(Buffer.concat([bytes, Buffer.alloc(1)]))),
    ],
    [
      'one of which a bit is flipped',
      /has not the SHA-512 that its feed says; nothing was installed\.$/,
      () =>
        (send = (response, bytes) => {
          const flipped = Buffer.from(bytes);
          flipped[bytes.length >> 1] ^= 1;
          response.end(flipped);
        }),
    ],
    [
      'a package that is not there',
      /\.nupkg answers 404 Not Found\.$/,
      () => (send = (r) => r.writeHead(404).end()),
    ],
    [
      'a feed that tells no checksum',
      /tells no size and SHA-512 of Microsoft\.ML\.OnnxRuntime\.Gpu\.Linux\.$/,
      () => (entry = { packageSize: archive.length }),
    ],
    [
      'a feed without an index',
      /index\.json\/none answers 404 Not Found\.$/,
      () => (source = { ...source, index: `${source.index}/none` }),
    ],
    [
      'a feed that is not reached over TLS',
      /^http:\/\/192\.0\.2\.1\/index\.json is no https address\.$/,
      () => (source = { ...source, index: 'http://192.0.2.1/index.json' }),
    ],
    [
      'a package that is no archive',
      /is no readable archive \(/,
      () => (entry = offered((archive = library(1000)))),
    ],
    [
      'a package without the library',
      /has no runtimes\/linux-x64\/native\/libonnxruntime_providers_cuda\.so and no /,
      () => (entry = offered((archive = archiveOf({ 'a.txt': Buffer.from('other') })))),
    ],
    [
      'a library that is none',
      /libonnxruntime_providers_\w+\.so is no library of Linux\.$/,
      () =>
        (entry = offered(
          (archive = archiveOf(
            Object.fromEntries(
              Object.values(source.files).map((path) => [path, Buffer.from('text')]),
            ),
          )),
        )),
    ],
  ];
  for (const [what, message, arrange] of failures)
    it(`leaves what is installed as it is: ${what}`, async () => {
      const kept = source;
      const was = installedCuda(version);
      assert.ok(was);
      arrange();
      try {
        await assert.rejects(install(), (error: Error) => {
          assert.ok(error instanceof UserError, error.stack);
          assert.match(error.message, message);
          return true;
        });
      } finally {
        source = kept;
      }
      assert.deepEqual(installedCuda(version), was);
      assert.deepEqual(readdirSync(data), [`cuda-${version}`]);
    });

  it('leaves it as it is: cancelled in the midst', async () => {
    const was = installedCuda(version);
    const stop = new AbortController();
    send = (response, bytes) => void response.write(bytes.subarray(0, bytes.length / 2));
    const reason = new Error('enough');
    await assert.rejects(
      install({ signal: stop.signal, onProgress: () => stop.abort(reason) }),
      (error: Error) => error === reason || error.name === 'AbortError',
    );
    assert.deepEqual(installedCuda(version), was);
    assert.deepEqual(readdirSync(data), [`cuda-${version}`]);
  });

  for (const megabytes of [1, 20])
    it(`leaves nothing on a disk that is full after ${megabytes} MB`, async function () {
      const disk = join(data, 'disk');
      mkdirSync(disk);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk], {
          stdio: 'pipe',
        });
      } catch {
        rmSync(disk, { recursive: true });
        console.log('      skipped: this user may mount no disk');
        return this.skip();
      }
      try {
        process.env['MEDDISTILL_DATA'] = disk;
        await assert.rejects(install(), {
          name: 'UserError',
          message: `The CUDA libraries cannot be installed in ${disk} (its disk is full).`,
        });
        assert.deepEqual(readdirSync(disk), []);
      } finally {
        execFileSync('umount', [disk]);
        rmSync(disk, { recursive: true });
      }
    });

  it('is passed over where a file was cut, and installs anew', async () => {
    truncateSync(join(binaries(), 'libonnxruntime_providers_cuda.so'), 10);
    assert.equal(installedCuda(version), null);
    assert.doesNotMatch(loadedFrom().file, /cuda-/);
    await install();
    assert.ok(installedCuda(version));
    assert.deepEqual(readdirSync(data), [`cuda-${version}`]);
  });

  it('removes what is installed, and what a kill left', async () => {
    mkdirSync(join(data, '.0123456789ab.part/node_modules'), { recursive: true });
    assert.equal(await removeCuda(), true);
    assert.deepEqual(readdirSync(data), []);
    assert.equal(await removeCuda(), false);
    assert.doesNotMatch(loadedFrom().file, /cuda-/);
  });

  it('tells of driver and libraries', async () => {
    const tool = join(data, 'nvidia-smi');
    writeFileSync(
      tool,
      '#!/bin/sh\n[ $# = 0 ] && echo "| Driver Version: 580.1  CUDA Version: 13.0 |" || echo "NVIDIA A, 580.1"\n',
    );
    chmodSync(tool, 0o755);
    const driver = await findDriver(tool);
    assert.deepEqual(driver, { gpu: 'NVIDIA A', version: '580.1', cuda: '13.0' });
    assert.equal(await findDriver(join(data, 'none')), null);
    assert.deepEqual(await missingLibraries(process.execPath), []);
    rmSync(tool);
    const status = { ...(await cudaStatus()), driver };
    assert.deepEqual(cudaStatusLines(status), [
      'Driver: 580.1 of NVIDIA A, for CUDA up to 13.0.',
      `CUDA libraries of ONNX Runtime ${version}: not installed.`,
    ]);
    assert.doesNotMatch(questionBeforeLookUp(source, status), /driver/);
    const old = { ...status, driver: { ...driver, cuda: '11.8' } };
    assert.match(
      questionBeforeLookUp(source, old),
      /The driver here serves CUDA up to 11\.8 only\./,
    );
    assert.match(questionBeforeLookUp(source, { ...status, driver: null }), /No NVIDIA driver/);
  });

  it('asks before it asks the network anything, on the command line', async () => {
    const { code, stderr } = await runCommand(['cuda', 'install']);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /would come from \S+ and go to .* There is nobody to ask here: --yes answers yes\.\n$/,
    );
    const status = await runCommand(['cuda', 'status', '--json']);
    assert.equal((JSON.parse(status.stdout) as { installed: unknown }).installed, null);
    assert.equal((await runCommand(['cuda', 'remove'])).stdout, 'None are installed.\n');
    assert.deepEqual(asked, []);
  });
});
