import type { DistillConfig, StageName } from '../config/config';
import { inputChannels } from '../preparation/prepare';
import type { Batch } from '../batches/sampler';
import { AlignmentNetwork } from './gkd/alignment';
import { alignmentTerms } from './gkd/consistency';
import { intraLoss, interLoss } from './gkd/contrastive-graphs';
import { crossTerms, type Side } from './gkd/cross-distillation';
import { crossEntropy, softDice } from './segmentation-loss';
import { SemanticAutoencoder } from './gkd/semantic-autoencoder';
import { mul, sub } from '../graph/elementwise';
import type { Graph } from '../graph/graph';
import { type TensorData, type Value } from '../graph/graph';
import { meanAll } from '../graph/reduction';
import { slice } from '../graph/shape';
import { Network, type Encoding } from '../networks/network';
import type { Loss, Term } from '../training/training-graph';

/** A stage of the method: what it computes, from what, and which weights it leaves behind. */
export interface Stage {
  name: StageName;
  /** Stages whose weights it uses: as the start of what it trains, or frozen. */
  needs: StageName[];
  /** The network whose Dice on the source's validation cases chooses among checkpoints; null: the last one counts. */
  selects: 'teacher' | 'student' | null;
  /** Augmented views beside each image of a batch. */
  views: number;
  /** Builds the loss; inputs are `images` and, where used, `labels`. */
  build(graph: Graph, batchSize: number): Loss;
}

/** What a batch feeds a stage's graph: images [n, c, h, w] and one-hot labels [n, classes + 1, h, w]. */
export function feedsOf(batch: Batch, classes: number): Record<string, TensorData> {
  const [n, , rows, columns] = batch.shape;
  const pixels = rows * columns;
  const labels = new Float32Array(n * (classes + 1) * pixels);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < pixels; p++)
      labels[(i * (classes + 1) + batch.labels[i * pixels + p]) * pixels + p] = 1;
  return { images: batch.images, labels };
}

/** The stages of a config, in the order in which they run. */
export function stagesOf(config: DistillConfig): Stage[] {
  const { method, training, teacher, student } = config;
  const classes = config.classes.length;
  const channels = inputChannels(config);
  const size = config.input.size;

  const images = (graph: Graph, n: number) =>
    graph.input('images', 'float32', [n, channels, ...size]);
  const labels = (graph: Graph, n: number) =>
    graph.input('labels', 'float32', [n, classes + 1, ...size]);
  const rows = (x: Value, n: number) => slice(x, [0], [0], [n]);
  const firstOf = (e: Encoding, n: number): Encoding => ({
    bottleneck: rows(e.bottleneck, n),
    skips: e.skips.map((skip) => rows(skip, n)),
  });

  const segmentationTerms = (logits: Value, truth: Value): Record<string, Term> => ({
    ...(training.loss.crossEntropy > 0
      ? { crossEntropy: { value: crossEntropy(logits, truth), weight: training.loss.crossEntropy } }
      : {}),
    ...(training.loss.dice > 0
      ? { dice: { value: softDice(logits, truth), weight: training.loss.dice } }
      : {}),
  });

  /** Supervised training of one network on the images of a batch. */
  const supervised =
    (role: 'teacher' | 'student'): Stage['build'] =>
    (graph, n) => {
      const network = new Network(
        graph,
        role,
        role === 'teacher' ? teacher : student,
        classes,
        true,
      );
      const logits = network.decode(network.encode(images(graph, n)));
      return {
        terms: segmentationTerms(logits, labels(graph, n)),
        trains: [`${role}/`],
        statistics: network.layers.statistics,
      };
    };

  const trainAutoencoder: Stage['build'] = (graph, n) => {
    const psae = new SemanticAutoencoder(graph, method.psae.channels, true);
    const mask = method.psae.input === 'mask';
    const x = mask ? labels(graph, n) : images(graph, n);
    const decoded = psae.decode(psae.encode(x), size, x.shape[1]);
    const difference = sub(decoded, x);
    const reconstruction = mask ? crossEntropy(decoded, x) : meanAll(mul(difference, difference));
    return {
      terms: { reconstruction: { value: reconstruction, weight: 1 } },
      trains: ['psae/'],
      statistics: psae.layers.statistics,
    };
  };

  /** ACT of both alignment networks at once; the networks and P-SAE are frozen, batch norms in evaluation mode. */
  const align: Stage['build'] = (graph, n) => {
    const all = n * (1 + method.augmentations);
    const x = images(graph, all);
    const psae = new SemanticAutoencoder(graph, method.psae.channels);
    const semantic = psae.encode(method.psae.input === 'mask' ? labels(graph, all) : x);
    const terms: Record<string, Term> = {};
    for (const [role, name] of [
      ['teacher', 'tan'],
      ['student', 'san'],
    ] as const) {
      const network = new Network(graph, role, role === 'teacher' ? teacher : student, classes);
      const alignment = new AlignmentNetwork(graph, name, method.psae.channels);
      const encoding = network.encode(x);
      const vectors = alignment.encode(encoding.bottleneck);
      const reconstructed = alignment.header(vectors, encoding.bottleneck.shape);
      const values = alignmentTerms({
        bottleneck: encoding.bottleneck,
        reconstructed,
        logits: network.decode(encoding),
        reconstructedLogits: network.decode({ ...encoding, bottleneck: reconstructed }),
        vectors,
        semantic,
        images: n,
      });
      const weights = { features: 1, ...method.act };
      for (const key of Object.keys(weights) as (keyof typeof weights)[])
        if (weights[key] > 0)
          terms[`${name}.${key}`] = { value: values[key], weight: weights[key] };
    }
    return { terms, trains: ['tan/', 'san/'] };
  };

  /**
   * Distillation. The images themselves are supervised [published]; their views serve the graphs, and the cross terms with
   * `cross.scope` "views" [our choice]. With `control` the student sees the same batches and steps, without the method's terms.
   */
  const distill = (graph: Graph, n: number): Loss => {
    const x = images(graph, n * (1 + method.augmentations));
    const truth = rows(labels(graph, n * (1 + method.augmentations)), n);
    const s = new Network(graph, 'student', student, classes, true);
    const t = new Network(graph, 'teacher', teacher, classes);
    const san = new AlignmentNetwork(graph, 'san', method.psae.channels);
    const tan = new AlignmentNetwork(graph, 'tan', method.psae.channels);
    const studentFeatures = s.encode(x);
    const teacherFeatures = t.encode(x);
    const studentVectors = san.encode(studentFeatures.bottleneck);
    const teacherVectors = tan.encode(teacherFeatures.bottleneck);
    const logits = s.decode(firstOf(studentFeatures, n));
    const terms = segmentationTerms(logits, truth);
    const like =
      method.scale === 'match'
        ? (terms['crossEntropy']?.value ?? crossEntropy(logits, truth))
        : undefined;
    const options = { temperature: method.temperature, loss: method.graphLoss };
    if (method.intra.weight > 0)
      terms['intra'] = {
        value: intraLoss(teacherVectors, studentVectors, n, options),
        weight: method.intra.weight,
        like,
      };
    if (method.inter.weight > 0)
      terms['inter'] = {
        value: interLoss(teacherVectors, studentVectors, n, method.inter.scope, options),
        weight: method.inter.weight,
        like,
      };
    if (method.cross.weight > 0) {
      const count = method.cross.scope === 'views' ? n * (1 + method.augmentations) : n;
      const side = (
        network: Network,
        alignment: AlignmentNetwork,
        e: Encoding,
        v: Value,
      ): Side => ({
        network,
        alignment,
        encoding: firstOf(e, count),
        vectors: rows(v, count),
      });
      const teacherSide = side(t, tan, teacherFeatures, teacherVectors);
      const studentSide = side(s, san, studentFeatures, studentVectors);
      const cross = crossTerms(teacherSide, studentSide, t.decode(teacherSide.encoding));
      for (const [name, value] of Object.entries(cross))
        terms[name] = { value, weight: method.cross.weight, like };
    }
    return { terms, trains: ['student/'], statistics: s.layers.statistics };
  };

  const studentStart: StageName[] = method.studentStart === 'warmup' ? ['warmup'] : [];
  return [
    { name: 'teacher', needs: [], selects: 'teacher', views: 0, build: supervised('teacher') },
    { name: 'warmup', needs: [], selects: 'student', views: 0, build: supervised('student') },
    { name: 'psae', needs: [], selects: null, views: 0, build: trainAutoencoder },
    {
      name: 'act',
      needs: ['teacher', 'warmup', 'psae'],
      selects: null,
      views: method.augmentations,
      build: align,
    },
    {
      name: 'control',
      needs: studentStart,
      selects: 'student',
      views: 0,
      build: supervised('student'),
    },
    {
      name: 'distill',
      needs: ['teacher', 'act', ...studentStart],
      selects: 'student',
      views: method.augmentations,
      build: distill,
    },
  ];
}
