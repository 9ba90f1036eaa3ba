import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DistillConfig } from '../../../engine/config/config';
import { OnnxTeacher } from '../../../engine/evaluation/onnx-teacher';
import { Graph, type Value } from '../../../engine/graph/graph';
import { toOnnx } from '../../../engine/graph/onnx';
import { onnxFacts } from '../../../engine/graph/onnx-facts';
import { concat, reshape } from '../../../engine/graph/operators/shape';
import { mul } from '../../../engine/graph/operators/elementwise';
import { writeWhole } from '../../../engine/files';
import type { OnnxFileConfig } from '../../../engine/networks/onnx-file';
import { resizeLinear } from '../../../engine/preparation/resample';
import { readWeights } from '../../../engine/weights';
import { assertClose, cpu } from '../graph/shared';

const configOf = (size: [number, number], classes: string[], channel = 'grey') =>
  ({
    classes,
    domains: { ct: { role: 'source', channel } },
    input: { size, fit: 'resize', spacing: 0, overlap: 0 },
  }) as unknown as DistillConfig;

const teacherOf = (file: string, own: Partial<OnnxFileConfig> = {}): OnnxFileConfig => ({
  ...{ network: 'onnx', file, activation: 'softmax', scale: 1, offset: 0 },
  ...own,
});

const teachers = resolve('../shared/teachers');
interface Described {
  file: string;
  golden: string;
  input: { type: string; shape: (number | string)[]; tested?: number[] };
  output: { is: string; at_tested: number[] };
}
const described = existsSync(teachers)
  ? (JSON.parse(readFileSync(join(teachers, 'teachers.json'), 'utf8')) as Described[])
  : [];
/** Of images, in float32, on the image's grid. */
const plain = described.filter(
  ({ file, input }) =>
    input.shape.length === 4 && input.type === 'tensor(float)' && !file.includes('training'),
);

describe('a teacher that is an ONNX file', function () {
  this.timeout(60_000);

  for (const { file, golden, output } of plain)
    it(`gives what PyTorch gives: ${file}`, async () => {
      const { tensors } = await readWeights(join(teachers, golden));
      const values = (name: string) => tensors[name].data as Float32Array;
      const [n, channels, rows, columns] = tensors['input'].shape;
      const classes = output.at_tested[1];
      const config = configOf(
        [rows, columns],
        Array.from({ length: classes - 1 }, (_, i) => `class ${i + 1}`),
        channels === 3 ? 'rgb' : 'grey',
      );
      const activation = output.is.startsWith('logits') ? 'softmax' : 'none';
      const path = join(teachers, file);
      const teacher = await OnnxTeacher.open(config, teacherOf(path, { activation }), cpu);
      try {
        const { probabilities } = await teacher.run({ image: values('input') });
        // On a coarser grid logits are enlarged as PyTorch's interpolate does.
        const [, , h, w] = output.at_tested;
        const expected = resizeLinear(values('output'), n * classes, [h, w], [rows, columns]);
        if (activation === 'softmax') softmaxOver(expected, n, classes, rows * columns);
        assertClose(probabilities, expected, file, 1e-4);
      } finally {
        await teacher.release();
      }
    });
  if (plain.length === 0) it.skip('gives what PyTorch gives: ../shared/teachers is not there');

  const others = described.filter(({ input }) => input.shape.length === 4);
  for (const [file, why] of [
    ['unet-training-mode.ts17-batch-training.onnx', /exported in training mode: \d+ batch norms, /],
    ['unet-half.ts17-fp16.onnx', /takes input as float16; export it with an input of float32/],
  ] as const)
    if (others.some((one) => one.file === file))
      it(`is refused where it cannot be taken as it is: ${file}`, async () => {
        const config = configOf([64, 64], ['a']);
        await assert.rejects(async () => {
          const teacher = await OnnxTeacher.open(config, teacherOf(join(teachers, file)), cpu);
          try {
            await teacher.run({ image: new Float32Array(64 * 64) });
          } finally {
            await teacher.release();
          }
        }, why);
      });

  describe('of our own making', () => {
    const folder = mkdtempSync(join(tmpdir(), 'meddistill-onnx-'));
    after(() => rmSync(folder, { recursive: true }));
    const [rows, columns] = [2, 4];
    /** Writes a network of one weight: channel c of the output is c + 1 times the image. */
    const write = async (name: string, channels: number, dynamicBatch = true, outputs = ['y']) => {
      const graph = new Graph();
      const x = graph.input('x', 'float32', [1, 1, rows, columns]);
      const one = graph.parameter('one', [1], { kind: 'constant', value: 1 });
      const planes = Array.from({ length: channels }, (_, c): Value =>
        mul(mul(x, one), graph.scalar(c + 1)),
      );
      for (const output of outputs) graph.output(output, concat(planes, 1));
      const path = join(folder, name);
      await writeWhole(
        path,
        toOnnx(graph, { weights: new Map([['one', Float32Array.of(1)]]), dynamicBatch }),
      );
      return path;
    };
    const image = Float32Array.from({ length: 3 * rows * columns }, (_, i) => (i - 11) / 12);
    const open = (path: string, own: Partial<OnnxFileConfig> = {}, classes = ['liver']) =>
      OnnxTeacher.open(configOf([rows, columns], classes), teacherOf(path, own), cpu);
    const predict = async (path: string, own: Partial<OnnxFileConfig> = {}, classes?: string[]) => {
      const teacher = await open(path, own, classes);
      try {
        return (await teacher.run({ image })).probabilities;
      } finally {
        await teacher.release();
      }
    };
    const pixels = rows * columns;
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

    it('is run image by image where it takes one at a time, to the same', async () => {
      const [some, one] = [await write('some.onnx', 2), await write('one.onnx', 2, false)];
      assert.deepEqual(await predict(one), await predict(some));
    });

    it("gives the same by ONNX Runtime's WASM build, and says that TensorFlow does not run it", async () => {
      const path = await write('anywhere.onnx', 2);
      const config = configOf([rows, columns], ['liver']);
      const wasm = await OnnxTeacher.open(config, teacherOf(path), { ...cpu, name: 'wasm' });
      try {
        assertClose((await wasm.run({ image })).probabilities, await predict(path), 'wasm', 1e-6);
      } finally {
        await wasm.release();
      }
      await assert.rejects(
        OnnxTeacher.open(config, teacherOf(path), { ...cpu, name: 'tensorflow' }),
        /anywhere\.onnx is run by ONNX Runtime/,
      );
    });

    it('takes scaled values, and the classes by the names of its channels', async () => {
      const path = await write('three.onnx', 3);
      const found = await predict(path, {
        channels: ['spleen', 'background', 'liver'],
        scale: 2,
        offset: -0.5,
      });
      image.forEach((value, i) => {
        const x = 2 * value - 0.5;
        const [a, b, c] = [1, 2, 3].map((n) => Math.exp(n * x));
        const at = Math.floor(i / pixels) * 2 * pixels + (i % pixels);
        const liver = c / (a + b + c);
        assert.ok(Math.abs(found[at + pixels] - liver) < 1e-6);
        assert.ok(Math.abs(found[at] - (1 - liver)) < 1e-6);
      });
    });

    it('takes classes each by itself, which share a pixel where they add up to more than 1', async () => {
      const found = await predict(await write('two.onnx', 2), { activation: 'sigmoid' }, [
        'a',
        'b',
      ]);
      image.forEach((value, i) => {
        const [a, b] = [sigmoid(value), sigmoid(2 * value)];
        const sum = Math.max(1, a + b);
        const at = Math.floor(i / pixels) * 3 * pixels + (i % pixels);
        assert.ok(Math.abs(found[at + pixels] - a / sum) < 1e-6);
        assert.ok(Math.abs(found[at + 2 * pixels] - b / sum) < 1e-6);
        assert.ok(Math.abs(found[at] - Math.max(0, 1 - a - b)) < 1e-6);
      });
    });

    it('whose output lies across is refused, not turned', async () => {
      const graph = new Graph();
      const x = graph.input('x', 'float32', [1, 1, rows, columns]);
      const plane = reshape(x, [1, 1, columns, rows]);
      graph.output('y', concat([plane, plane], 1));
      const path = join(folder, 'across.onnx');
      await writeWhole(path, toOnnx(graph, {}));
      await assert.rejects(
        predict(path),
        /gives y \[1, 2, 4, 2\] for 1 images of 2 x 4, where \[1, channels, 2, 4\] is needed/,
      );
    });

    it('that does not fit the config is refused: in which size, number or name', async () => {
      const path = await write('fits.onnx', 2);
      const two = await write('outputs.onnx', 2, true, ['main', 'aux']);
      await writeWhole(join(folder, 'text.onnx'), 'no model');
      const refused = (work: Promise<unknown>, why: RegExp) => assert.rejects(work, why);
      await refused(
        open(join(folder, 'none.onnx')),
        /none\.onnx cannot be opened as an ONNX model/,
      );
      await refused(
        open(join(folder, 'text.onnx')),
        /text\.onnx cannot be opened as an ONNX model/,
      );
      await refused(
        OnnxTeacher.open(configOf([4, 4], ['liver']), teacherOf(path), cpu),
        /takes x \[any, 1, 2, 4\].* prepares \[any, 1, 4, 4\]; "input\.size"/,
      );
      await refused(
        OnnxTeacher.open(configOf([2, 4], ['liver'], 'rgb'), teacherOf(path), cpu),
        /prepares \[any, 3, 2, 4\]/,
      );
      await refused(open(two), /2 outputs; say in "output" which one: main, aux/);
      await refused(open(two, { output: 'y' }), /no output "y"; it has main, aux/);
      await refused(open(path, { channels: ['liver'] }), /names 1 channels, but y .* has 2/);
      await refused(
        predict(path, {}, ['a', 'b']),
        /has 2 channels, where 3 are expected.*alone, say "activation": "sigmoid"\.$/,
      );
      await refused(
        predict(path, {}, ['a', 'b', 'c']),
        /where 4 are expected.*name them in "channels"/,
      );
      await refused(predict(path, { activation: 'none' }), /which is no probability; "activation"/);
    });

    it('has its weights counted', async () => {
      assert.deepEqual(onnxFacts(await write('counted.onnx', 2)), {
        weights: 3,
        trainingNorms: [],
      });
    });
  });
});

function softmaxOver(values: Float32Array, n: number, classes: number, pixels: number): void {
  for (let i = 0; i < n; i++)
    for (let p = 0; p < pixels; p++) {
      const at = (c: number) => (i * classes + c) * pixels + p;
      const all = Array.from({ length: classes }, (_, c) => Math.exp(values[at(c)]));
      const sum = all.reduce((a, b) => a + b);
      all.forEach((x, c) => (values[at(c)] = x / sum));
    }
}
