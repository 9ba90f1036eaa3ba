import type { Setup } from '../setup';
import { mul, stopGradient, sub } from '../../graph/operators/elementwise';
import type { Graph, Value } from '../../graph/graph';
import { meanAll } from '../../graph/operators/reduction';
import type { Loss, Stage } from '../../training/stage';
import { imagesInput, labelsInput } from '../rows';
import { crossEntropy } from '../segmentation-loss';
import { SemanticAutoencoder } from './semantic-autoencoder';

/** Trains P-SAE to give its input back, and its perceptrons to give its features back; then it is frozen. */
export const psaeStage = (setup: Setup): Stage => ({
  name: 'psae',
  title: 'Semantic autoencoder',
  ...setup.training.stages.psae,
  needs: [],
  network: null,
  views: 0,
  stream: 'psae',
  depends: ['features, then perceptrons', setup.method.psae],
  build: (graph, n) => reconstruction(graph, n, setup),
});

/**
 * Of a label map the cross-entropy, of an image the mean squared difference. The perceptrons learn on the features as they are, without
 * changing them [published: after these; ours: beside them].
 */
function reconstruction(graph: Graph, n: number, setup: Setup): Loss {
  const { psae: options } = setup.method;
  const psae = new SemanticAutoencoder(graph, options.channels, true);
  const mask = options.input === 'mask';
  const x = mask ? labelsInput(graph, setup, n) : imagesInput(graph, setup, n);
  const features = psae.features(x);
  const decoded = psae.decode(features, x.shape[1]);
  const fixed = stopGradient(features);
  const again = psae.featuresOf(psae.vectors(fixed), features.shape);
  const image = mask ? crossEntropy(decoded, x) : squaredDistance(decoded, x);
  return {
    terms: {
      reconstruction: { value: image, weight: 1, title: 'Reconstruction', color: 0 },
      perceptrons: {
        value: squaredDistance(again, fixed),
        weight: 1,
        title: 'Reconstruction of the features',
        color: 1,
      },
    },
    trains: ['psae/'],
    statistics: psae.layers.statistics,
  };
}

function squaredDistance(a: Value, b: Value): Value {
  const difference = sub(a, b);
  return meanAll(mul(difference, difference));
}
