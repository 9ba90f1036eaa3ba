import type { Setup } from '../setup';
import type { Graph, Value } from '../../graph/graph';
import { Network } from '../../networks/network';
import type { Loss, Stage, Term } from '../../training/stage';
import { imagesInput, labelsInput } from '../rows';
import { AlignmentNetwork, alignmentNames } from './alignment';
import { alignmentTerms } from './consistency';
import { SemanticAutoencoder } from './semantic-autoencoder';

/** Under this name the weights of TAN and SAN are kept. */
export const alignmentStageName = 'act';

/** ACT of both alignment networks at once; the networks and P-SAE are frozen, batch norms in evaluation mode. */
export const alignmentStage = (setup: Setup): Stage => ({
  name: alignmentStageName,
  title: 'Alignment',
  ...setup.training.stages.act,
  needs: ['teacher', 'warmup', 'psae'],
  network: null,
  views: setup.method.augmentations,
  stream: 'act',
  depends: [setup.method.psae, setup.method.act, setup.method.augmentations],
  build: (graph, n) => alignmentLoss(graph, n, setup),
});

const titles = {
  features: 'feature reconstruction',
  output: 'output reconstruction',
  regularisation: 'regularisation',
  consistency: 'consistency',
};
type TermName = keyof typeof titles;

function alignmentLoss(graph: Graph, images: number, setup: Setup): Loss {
  const { method } = setup;
  const all = images * (1 + method.augmentations);
  const x = imagesInput(graph, setup, all);
  const psae = new SemanticAutoencoder(graph, method.psae.channels);
  const semantic = psae.encode(method.psae.input === 'mask' ? labelsInput(graph, setup, all) : x);
  const weights: Record<TermName, number> = { features: 1, ...method.act };
  const terms: Record<string, Term> = {};
  for (const architecture of ['teacher', 'student'] as const) {
    const values = ofNetwork(graph, architecture, x, semantic, images, setup);
    const name = alignmentNames[architecture];
    (Object.keys(weights) as TermName[]).forEach((key, color) => {
      if (weights[key] > 0)
        terms[`${name}.${key}`] = {
          value: values[key],
          weight: weights[key],
          title: `${name.toUpperCase()} ${titles[key]}`,
          color,
          dashed: architecture === 'student',
        };
    });
  }
  return { terms, trains: Object.values(alignmentNames).map((name) => `${name}/`) };
}

/** The terms of one network's alignment network, unweighted. */
function ofNetwork(
  graph: Graph,
  architecture: 'teacher' | 'student',
  x: Value,
  semantic: Value,
  images: number,
  setup: Setup,
): Record<TermName, Value> {
  const network = new Network(graph, architecture, setup[architecture], setup.classes.length);
  const alignment = new AlignmentNetwork(
    graph,
    alignmentNames[architecture],
    setup.method.psae.channels,
  );
  const encoding = network.encode(x);
  const vectors = alignment.encode(encoding.bottleneck);
  const reconstructed = alignment.header(vectors, encoding.bottleneck.shape);
  return alignmentTerms({
    bottleneck: encoding.bottleneck,
    reconstructed,
    logits: network.decode(encoding),
    reconstructedLogits: network.decode({ ...encoding, bottleneck: reconstructed }),
    vectors,
    semantic,
    images,
  });
}
