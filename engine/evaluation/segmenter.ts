import type { DistillConfig } from '../config/config';
import { inputChannels } from '../preparation/channels';
import { sliceOf, type Batch } from '../batches/sampler';
import { blendTiles, cutTile, tilePositions } from '../batches/tiles';
import type { PreparedCase } from '../preparation/prepared-case';
import { AlignmentNetwork, alignmentNames } from '../method/gkd/alignment';
import { unit } from '../method/gkd/vectors';
import { Graph } from '../graph/graph';
import { softmax } from '../graph/operators/softmax';
import { isOnnxFile } from '../networks/catalogue';
import { Network } from '../networks/network';
import { compile } from '../runtime/compile';
import type { Device, Program } from '../runtime/runtime';
import type { Shapes, Weights } from '../weights';
import { OnnxTeacher } from './onnx-teacher';

const batchSize = 8;

/** A program, or what runs like one. */
interface Runs {
  run(feeds: Record<string, Float32Array>): Promise<Record<string, Float32Array>>;
  release(): Promise<void>;
}

/** Builds a network in evaluation mode: input `image` [n, c, rows, columns], output `probabilities` [n, classes + 1, rows, columns]. */
export function inferenceGraph(
  config: DistillConfig,
  role: 'teacher' | 'student',
  n: number,
): Graph {
  const graph = new Graph();
  const network = new Network(graph, role, config[role], config.classes.length);
  const image = graph.input('image', 'float32', [n, inputChannels(config), ...config.input.size]);
  graph.output('probabilities', softmax(network.decode(network.encode(image)), 1));
  return graph;
}

/** Builds a network's encoder with its alignment network: input `image` as above, output `vectors` [n, K]. */
export function vectorGraph(config: DistillConfig, role: 'teacher' | 'student', n: number): Graph {
  const graph = new Graph();
  const network = new Network(graph, role, config[role], config.classes.length);
  const { channels } = config.method.psae;
  const alignment = new AlignmentNetwork(graph, alignmentNames[role], channels);
  const image = graph.input('image', 'float32', [n, inputChannels(config), ...config.input.size]);
  graph.output('vectors', unit(alignment.encode(network.encode(image).bottleneck)));
  return graph;
}

/** Shapes of all weights and running statistics in a graph, by name. */
export const shapesIn = (graph: Graph): Shapes =>
  new Map([...graph.parameters.values()].map(({ name, value }) => [name, value.shape]));

/** What gives class probabilities of prepared cases. */
export interface Segmenting {
  /** Of a case on its prepared grid, [slices][classes + 1][rows][columns]. */
  probabilities(item: PreparedCase): Promise<Float32Array>;
}

/** A network that segments prepared cases. */
export class Segmenter implements Segmenting {
  private constructor(
    private readonly program: Runs,
    private readonly config: DistillConfig,
  ) {}

  /** `weights`: those of the network; an ONNX file brings its own. */
  static async open(
    config: DistillConfig,
    role: 'teacher' | 'student',
    weights: Weights,
    device: Device,
  ): Promise<Segmenter> {
    if (isOnnxFile(config[role]))
      return new Segmenter(await OnnxTeacher.open(config, config[role], device), config);
    const graph = inferenceGraph(config, role, batchSize);
    return new Segmenter(await compile(graph, { device, frozen: weights }), config);
  }

  async probabilities(item: PreparedCase): Promise<Float32Array> {
    const { size } = this.config.input;
    const planes = this.config.classes.length + 1;
    const grid = [item.rows, item.columns] as const;
    const pixels = item.rows * item.columns;
    const result = new Float32Array(item.slices * planes * pixels);
    const positions = positionsIn(item, this.config.input);
    const places = Array.from({ length: item.slices }, (_, slice) =>
      positions.map((position) => ({ slice, position })),
    ).flat();
    const tiles = await runBatches(this.program, 'image', 'probabilities', places.length, (i) =>
      tileOf(item, places[i].slice, places[i].position, size),
    );
    for (let slice = 0; slice < item.slices; slice++) {
      const own = tiles.slice(slice * positions.length, (slice + 1) * positions.length);
      result.set(
        own.length === 1 ? own[0] : blendTiles(own, positions, planes, grid, size),
        slice * planes * pixels,
      );
    }
    return result;
  }

  release(): Promise<void> {
    return this.program.release();
  }
}

/**
 * A network's encoder with its alignment network: gives domain-invariant vectors [K], scaled to length 1, as the contrastive graphs
 * see them, so that distances of networks compare.
 */
export class VectorEncoder {
  private constructor(
    private readonly program: Program,
    private readonly config: DistillConfig,
  ) {}

  /** `weights` are those of the network and of its alignment network. */
  static async open(
    config: DistillConfig,
    role: 'teacher' | 'student',
    weights: Weights,
    device: Device,
  ): Promise<VectorEncoder> {
    const graph = vectorGraph(config, role, batchSize);
    return new VectorEncoder(await compile(graph, { device, frozen: weights }), config);
  }

  /** Vectors of slices (or tiles, with `fit: "patch"`), at most `limit` of them, evenly spread over the cases. */
  async ofCases(cases: readonly PreparedCase[], limit: number): Promise<Float64Array[]> {
    const { size, fit } = this.config.input;
    const places = cases.flatMap((item) => {
      const positions = positionsIn(item, this.config.input);
      return Array.from({ length: item.slices }, (_, slice) => slice).flatMap((slice) =>
        positions
          .filter((position) => fit === 'resize' || mostlyInside(item, slice, position, size))
          .map((position) => ({ item, slice, position })),
      );
    });
    const count = Math.min(limit, places.length);
    const chosen = Array.from(
      { length: count },
      (_, i) => places[Math.floor((i * places.length) / count)],
    );
    const vectors = await runBatches(this.program, 'image', 'vectors', chosen.length, (i) => {
      const { item, slice, position } = chosen[i];
      return tileOf(item, slice, position, size);
    });
    return vectors.map((v) => Float64Array.from(v));
  }

  /** Vectors of a batch's images, [n, K]. */
  async ofBatch({ images, shape: [count] }: Batch): Promise<Float32Array> {
    const size = images.length / count;
    const rows = await runBatches(this.program, 'image', 'vectors', count, (i) =>
      images.subarray(i * size, (i + 1) * size),
    );
    const all = new Float32Array(count * rows[0].length);
    rows.forEach((row, i) => all.set(row, i * row.length));
    return all;
  }

  release(): Promise<void> {
    return this.program.release();
  }
}

type Position = readonly [top: number, left: number];

/** Where the network's windows lie in each slice of a case: a whole slice is one. */
const positionsIn = (
  { rows, columns }: PreparedCase,
  { size, fit, overlap }: DistillConfig['input'],
): Position[] => (fit === 'patch' ? tilePositions(rows, columns, size, overlap) : [[0, 0]]);

/** How many of the network's windows a case is cut into. */
export const tilesOf = (item: PreparedCase, input: DistillConfig['input']): number =>
  item.slices * positionsIn(item, input).length;

/** What the network sees there, [channels][rows][columns]. */
const tileOf = (
  item: PreparedCase,
  slice: number,
  position: Position,
  size: DistillConfig['input']['size'],
): Float32Array =>
  cutTile(sliceOf(item, slice).image, item.channels, [item.rows, item.columns], position, size);

/** True if the middle of a tile lies in the field of view. */
function mostlyInside(
  item: PreparedCase,
  slice: number,
  [top, left]: readonly [number, number],
  [rows, columns]: readonly [number, number],
): boolean {
  if (!item.fov) return true;
  const row = top + (rows >> 1);
  const column = left + (columns >> 1);
  return item.fov[(slice * item.rows + row) * item.columns + column] === 1;
}

/** Runs a program over `count` samples in batches, the last filled up with zeros; one output row for each sample. */
async function runBatches(
  program: Runs,
  input: string,
  output: string,
  count: number,
  sample: (index: number) => Float32Array,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (let start = 0; start < count; start += batchSize) {
    const n = Math.min(batchSize, count - start);
    let batch: Float32Array | undefined;
    for (let i = 0; i < n; i++) {
      const one = sample(start + i);
      batch ??= new Float32Array(batchSize * one.length);
      batch.set(one, i * one.length);
    }
    const result = (await program.run({ [input]: batch! }))[output];
    const length = result.length / batchSize;
    for (let i = 0; i < n; i++) rows.push(result.slice(i * length, (i + 1) * length));
  }
  return rows;
}
