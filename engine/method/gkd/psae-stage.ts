import type { Setup } from '../setup';
import { mul, sub } from '../../graph/operators/elementwise';
import type { Graph } from '../../graph/graph';
import { meanAll } from '../../graph/operators/reduction';
import type { Loss, Stage } from '../../training/stage';
import { imagesInput, labelsInput } from '../rows';
import { crossEntropy } from '../segmentation-loss';
import { SemanticAutoencoder } from './semantic-autoencoder';

/** Trains P-SAE to give its input back; then it is frozen. */
export const psaeStage = (setup: Setup): Stage => ({
  name: 'psae',
  title: 'Semantic autoencoder',
  ...setup.training.stages.psae,
  needs: [],
  network: null,
  views: 0,
  stream: 'psae',
  depends: setup.method.psae,
  build: (graph, n) => reconstruction(graph, n, setup),
});

/** Of a label map the cross-entropy, of an image the mean squared difference. */
function reconstruction(graph: Graph, n: number, setup: Setup): Loss {
  const { psae: options } = setup.method;
  const psae = new SemanticAutoencoder(graph, options.channels, true);
  const mask = options.input === 'mask';
  const x = mask ? labelsInput(graph, setup, n) : imagesInput(graph, setup, n);
  const decoded = psae.decode(psae.encode(x), setup.input.size, x.shape[1]);
  const difference = sub(decoded, x);
  const value = mask ? crossEntropy(decoded, x) : meanAll(mul(difference, difference));
  return {
    terms: { reconstruction: { value, weight: 1, title: 'Reconstruction', color: 0 } },
    trains: ['psae/'],
    statistics: psae.layers.statistics,
  };
}
