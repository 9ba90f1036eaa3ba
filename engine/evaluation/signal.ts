import { drawBatch } from '../batches/sampler';
import type { DistillConfig } from '../config/config';
import type { Signal } from '../contract/signal';
import { Graph, type Value } from '../graph/graph';
import { mul, sub } from '../graph/operators/elementwise';
import { reduceMean, reduceSum } from '../graph/operators/reduction';
import { logSoftmax, softmax } from '../graph/operators/softmax';
import { AlignmentNetwork, alignmentNames } from '../method/gkd/alignment';
import { decodeVector, type Side } from '../method/gkd/cross-distillation';
import { exchangeOf, vectorSignal } from '../method/gkd/signal';
import { Network } from '../networks/network';
import { inputChannels } from '../preparation/channels';
import type { PreparedCase } from '../preparation/prepared-case';
import { Random } from '../random';
import { compile } from '../runtime/compile';
import type { Device } from '../runtime/runtime';
import type { Weights } from '../weights';

/** Images whose vectors are looked at. */
const images = 16;

/**
 * What the vectors of teacher and student carry on images of these cases and on augmented views of them. `weights`: of both networks and
 * of both alignment networks.
 */
export async function measureSignal(
  config: DistillConfig,
  cases: PreparedCase[],
  weights: Weights,
  device: Device,
): Promise<Signal> {
  const { input, method, training } = config;
  const batch = drawBatch(
    cases,
    { ...input, batchSize: images, augmentation: null },
    new Random(training.seed, 'signal', 'batch'),
    {
      count: method.augmentations,
      augmentation: { ...training.augmentation, ...method.views },
      random: new Random(training.seed, 'signal', 'views'),
    },
  );
  const rows = batch.shape[0];
  const size = batch.images.length / rows;
  const part = (from: number) => batch.images.subarray(from * size, (from + images) * size);

  const encoder = await compile(encoding(config), { device, frozen: weights });
  const vectors: Record<'teacher' | 'student', Float64Array[]> = { teacher: [], student: [] };
  try {
    for (let from = 0; from < rows; from += images) {
      const found = await encoder.run({ image: part(from) });
      for (const side of ['teacher', 'student'] as const)
        vectors[side].push(...rowsOf(found[side], images));
    }
  } finally {
    await encoder.release();
  }

  const { teacher, student } = vectors;
  const program = await compile(exchange(config), { device, frozen: weights });
  /** The divergences of each image where each is given the vectors of `of`. */
  const divergences = async (of: (all: Float64Array[]) => Float64Array[]) => {
    const flat = (all: Float64Array[]) =>
      Float32Array.from(of(all.slice(0, images)).flatMap((v) => [...v]));
    const { studentToTeacher, teacherToStudent } = await program.run({
      image: part(0),
      student: flat(student),
      teacher: flat(teacher),
    });
    return { studentToTeacher: [...studentToTeacher], teacherToStudent: [...teacherToStudent] };
  };
  try {
    const own = await divergences((all) => all);
    const other = await divergences((all) => [...all.slice(1), all[0]]);
    const mean = await divergences((all) => all.map(() => meanOf(all)));
    const of = (way: keyof Signal['exchange']) =>
      exchangeOf(own[way], other[way], mean[way], new Random(training.seed, 'signal', way));
    return {
      ...vectorSignal(teacher, student, images, method.temperature),
      exchange: {
        studentToTeacher: of('studentToTeacher'),
        teacherToStudent: of('teacherToStudent'),
      },
    };
  } finally {
    await program.release();
  }
}

/** Both networks with their alignment networks on an image, [n, c, rows, columns]. */
function sides(config: DistillConfig): { graph: Graph; of: (role: 'teacher' | 'student') => Side } {
  const graph = new Graph();
  const shape = [images, inputChannels(config), ...config.input.size];
  const image = graph.input('image', 'float32', shape);
  return {
    graph,
    of: (role) => {
      const network = new Network(graph, role, config[role], config.classes.length);
      const { channels } = config.method.psae;
      const alignment = new AlignmentNetwork(graph, alignmentNames[role], channels);
      const encoding = network.encode(image);
      return { network, alignment, encoding, vectors: alignment.encode(encoding.bottleneck) };
    },
  };
}

/** Outputs `teacher` and `student`: the vectors [n, K]. */
function encoding(config: DistillConfig): Graph {
  const { graph, of } = sides(config);
  for (const role of ['teacher', 'student'] as const) graph.output(role, of(role).vectors);
  return graph;
}

/**
 * Inputs beside the image: vectors `student` and `teacher` [n, K]. Outputs [n]: the divergence of each network's prediction of the
 * other's vector from the teacher's prediction.
 */
function exchange(config: DistillConfig): Graph {
  const { graph, of } = sides(config);
  const [teacher, student] = [of('teacher'), of('student')];
  const logits = teacher.network.decode(teacher.encoding);
  const vectors = (name: string) =>
    graph.input(name, 'float32', [images, config.method.psae.channels]);
  const outputs = {
    studentToTeacher: decodeVector(teacher, vectors('student')),
    teacherToStudent: decodeVector(student, vectors('teacher')),
  };
  for (const [name, value] of Object.entries(outputs))
    graph.output(name, divergenceByImage(logits, value));
  return graph;
}

/** KL(target || prediction) of each image, mean over pixels, in nats: [n, classes + 1, h, w] -> [n]. */
function divergenceByImage(target: Value, logits: Value): Value {
  const difference = sub(logSoftmax(target, 1), logSoftmax(logits, 1));
  return reduceMean(reduceSum(mul(softmax(target, 1), difference), [1]), [1, 2, 3]);
}

function rowsOf(data: Float32Array, rows: number): Float64Array[] {
  const length = data.length / rows;
  return Array.from({ length: rows }, (_, i) =>
    Float64Array.from(data.subarray(i * length, (i + 1) * length)),
  );
}

const meanOf = (vectors: Float64Array[]): Float64Array =>
  vectors[0].map((_, i) => vectors.reduce((sum, v) => sum + v[i], 0) / vectors.length);
