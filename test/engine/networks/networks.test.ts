import assert from 'node:assert/strict';
import { Graph } from '../../../engine/graph/graph';
import { architectureOf, type NetworkConfig } from '../../../engine/networks/catalogue';
import { Network } from '../../../engine/networks/network';
import { compile } from '../../../engine/runtime/compile';
import { assertClose, cpu } from '../graph/shared';
import goldenFile from './golden/networks.json';

interface Golden {
  config: NetworkConfig;
  channels: number;
  classes: number;
  parameters: number;
  size?: [number, number];
  step?: number;
  logits?: number[];
}
const golden = goldenFile as unknown as Golden[];
const titleOf = ({ config, channels, classes }: Golden) =>
  `${config.network}, width ${config.width}${config.network === 'unet' ? `, depth ${config.depth}` : ''}, ` +
  `${channels} ${channels === 1 ? 'channel' : 'channels'}, ${classes} ${classes === 1 ? 'class' : 'classes'}`;

function build(
  { config, channels, classes }: Pick<Golden, 'config' | 'channels' | 'classes'>,
  n: number,
  [rows, columns]: readonly [number, number],
  training = false,
) {
  const graph = new Graph();
  const network = new Network(graph, 'net', config, classes, training);
  const encoding = network.encode(graph.input('x', 'float32', [n, channels, rows, columns]));
  return { graph, network, encoding, logits: network.decode(encoding) };
}

/** The golden file's weights: sines of their index, scaled by what they are. */
function sines(name: string, shape: readonly number[]): Float32Array {
  const n = shape.reduce((a, b) => a * b, 1);
  const scale = /norm\.weight$|running_var$/.test(name)
    ? (x: number) => 1 + x / 2
    : shape.length > 1
      ? (x: number) => x * Math.sqrt(6 / (n / shape[0]))
      : (x: number) => x / 4;
  return Float32Array.from({ length: n }, (_, i) => scale(Math.sin(i + 7 * name.length)));
}

describe('networks', () => {
  for (const expected of golden) {
    it(`${titleOf(expected)}: as many parameters as in PyTorch, ${expected.parameters}`, () => {
      const { graph } = build(expected, 1, [64, 64]);
      const trainable = [...graph.parameters.values()].filter((p) => p.trainable);
      assert.equal(
        trainable.reduce((sum, p) => sum + p.value.size, 0),
        expected.parameters,
      );
    });

    const { size, step, logits } = expected;
    if (size && step && logits)
      it(`${titleOf(expected)}: PyTorch's logits for the same weights`, async () => {
        const { graph, logits: y } = build(expected, 2, size);
        assert.deepEqual([...y.shape], [2, expected.classes + 1, ...size]);
        graph.output('logits', y);
        const weights = new Map(
          [...graph.parameters.values()].map((p) => [p.name, sines(p.name, p.value.shape)]),
        );
        const program = await compile(graph, { device: cpu, frozen: weights });
        const count = 2 * expected.channels * size[0] * size[1];
        const found = await program.run({
          x: Float32Array.from({ length: count }, (_, i) => Math.cos(0.7 * i)),
        });
        await program.release();
        assertClose(
          found['logits'].filter((_, i) => i % step === 0),
          logits,
          'logits',
          2e-5,
        );
      });
  }

  it("MobileNetV2-UNet has the 4.682 million parameters and 0.9625 GMAC of the method's authors", () => {
    const { graph } = build({ config: mobile(1), channels: 1, classes: 1 }, 1, [256, 256]);
    const count = [...graph.parameters.values()]
      .filter((p) => p.trainable)
      .reduce((sum, p) => sum + p.value.size, 0);
    assert.equal(Math.round(count / 1000), 4682);
    const products = graph.nodes.map(({ operator, inputs, outputs }) => {
      if (!operator.name.startsWith('Conv')) return 0;
      const positions = operator.name === 'Conv' ? outputs[0].size : inputs[0].size;
      return positions * inputs[1].shape.slice(1).reduce((a, b) => a * b, 1);
    });
    assert.equal(Math.round(products.reduce((a, b) => a + b, 0) / 1e5), 9625);
  });

  it('U-Net: skips at every level, the bottleneck at 1 / 2^depth with 2^depth times the width', () => {
    const { encoding } = build({ config: unet(4, 3), channels: 1, classes: 1 }, 2, [32, 48]);
    assert.deepEqual(
      encoding.skips.map((s) => s.shape),
      [
        [2, 4, 32, 48],
        [2, 8, 16, 24],
        [2, 16, 8, 12],
      ],
    );
    assert.deepEqual(encoding.bottleneck.shape, [2, 32, 4, 6]);
    assert.equal(strideOf(unet(4, 3)), 8);
  });

  it('MobileNetV2-UNet: skips of 16, 24, 32, 96 channels at 1/2 to 1/16, 1280 channels at 1/32', () => {
    const { encoding } = build({ config: mobile(1), channels: 3, classes: 2 }, 1, [128, 64]);
    assert.deepEqual(
      encoding.skips.map((s) => s.shape),
      [
        [1, 16, 64, 32],
        [1, 24, 32, 16],
        [1, 32, 16, 8],
        [1, 96, 8, 4],
      ],
    );
    assert.deepEqual(encoding.bottleneck.shape, [1, 1280, 4, 2]);
    assert.equal(strideOf(mobile(1)), 32);
  });

  it('every running statistic gets its next value in training, and none in evaluation', () => {
    for (const config of [unet(2, 2), mobile(0.25)]) {
      const one = { config, channels: 1, classes: 1 };
      const { graph, network } = build(one, 2, [64, 64], true);
      const running = [...graph.parameters.values()].filter((p) => !p.trainable).map((p) => p.name);
      assert.ok(running.length > 0);
      assert.deepEqual([...network.layers.statistics.keys()].sort(), running.sort());
      assert.equal(build(one, 2, [64, 64]).network.layers.statistics.size, 0);
    }
  });

  it('two uses of one name share their weights, two names do not', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1, 1, 16, 16]);
    const encode = (name: string) => new Network(graph, name, unet(2, 1), 1).encode(x);
    encode('teacher');
    const once = graph.parameters.size;
    encode('teacher');
    assert.equal(graph.parameters.size, once);
    encode('student');
    assert.equal(graph.parameters.size, 2 * once);
  });
});

const strideOf = (config: NetworkConfig) => architectureOf(config).stride(config);
const unet = (width: number, depth: number) => ({ network: 'unet', width, depth }) as const;
const mobile = (width: number) => ({ network: 'mobilenetv2-unet', width }) as const;
