import type { Setup } from '../setup';
import type { Graph, Value } from '../../graph/graph';
import { stopGradient } from '../../graph/operators/elementwise';
import { Network } from '../../networks/network';
import type { Loss, Stage, Term } from '../../training/stage';
import { imagesInput, labelsInput } from '../rows';
import { AlignmentNetwork, alignmentNames } from './alignment';
import { alignmentTerms, vectorDistance } from './consistency';
import { SemanticAutoencoder } from './semantic-autoencoder';
import { standardized } from './vectors';

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
  depends: [
    'standardised',
    setup.method.psae,
    setup.method.act,
    setup.method.augmentations,
    setup.method.views,
  ],
  build: (graph, n) => alignmentLoss(graph, n, setup),
});

const titles = {
  features: 'feature reconstruction',
  output: 'output reconstruction',
  regularisation: 'regularisation',
  consistency: 'consistency',
  frame: 'shared frame',
};
type TermName = keyof typeof titles;

function alignmentLoss(graph: Graph, images: number, setup: Setup): Loss {
  const { method } = setup;
  const all = images * (1 + method.augmentations);
  const x = imagesInput(graph, setup, all);
  const psae = new SemanticAutoencoder(graph, method.psae.channels);
  const semantic = standardized(
    psae.encode(method.psae.input === 'mask' ? labelsInput(graph, setup, all) : x),
  );
  const weights: Record<TermName, number> = { features: 1, ...method.act };
  const terms: Record<string, Term> = {};
  const statistics = new Map<string, Value>();
  const taught = ofNetwork(graph, 'teacher', x, semantic, images, setup);
  const learning = ofNetwork(graph, 'student', x, semantic, images, setup);
  // The student's vector of a view is to be the teacher's of that view, so that the headers can be exchanged.
  const frame = vectorDistance(learning.vectors, stopGradient(taught.vectors));
  for (const { architecture, values, own } of [
    { architecture: 'teacher', values: taught.terms, own: taught.statistics },
    { architecture: 'student', values: { ...learning.terms, frame }, own: learning.statistics },
  ] as const) {
    const name = alignmentNames[architecture];
    (Object.keys(titles) as TermName[]).forEach((key, color) => {
      if (key in values && weights[key] > 0)
        terms[`${name}.${key}`] = {
          value: values[key as keyof typeof values],
          weight: weights[key],
          title: `${name.toUpperCase()} ${titles[key]}`,
          color,
          dashed: architecture === 'student',
        };
    });
    own.forEach((value, statistic) => statistics.set(statistic, value));
  }
  return { terms, trains: Object.values(alignmentNames).map((name) => `${name}/`), statistics };
}

/** The terms of one network's alignment network, unweighted, and what they are made of. */
function ofNetwork(
  graph: Graph,
  architecture: 'teacher' | 'student',
  x: Value,
  semantic: Value,
  images: number,
  setup: Setup,
) {
  const network = new Network(graph, architecture, setup[architecture], setup.classes.length);
  const alignment = new AlignmentNetwork(
    graph,
    alignmentNames[architecture],
    setup.method.psae.channels,
    true,
  );
  const encoding = network.encode(x);
  const vectors = alignment.encode(encoding.bottleneck);
  const reconstructed = alignment.header(vectors, encoding.bottleneck.shape);
  const terms = alignmentTerms({
    bottleneck: encoding.bottleneck,
    reconstructed,
    logits: network.decode(encoding),
    reconstructedLogits: network.decode({ ...encoding, bottleneck: reconstructed }),
    vectors,
    semantic,
    images,
  });
  return { terms, vectors, statistics: alignment.layers.statistics };
}
