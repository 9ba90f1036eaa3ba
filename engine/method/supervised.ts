import type { Setup } from './setup';
import type { Value } from '../graph/graph';
import { Network } from '../networks/network';
import type { Stage, Term } from '../training/stage';
import { imagesInput, labelsInput } from './rows';
import { crossEntropy, softDice } from './segmentation-loss';

/** What a network learns from labels: cross-entropy and soft Dice, as the config weighs them. Both [n, classes + 1, h, w]. */
export function supervisedTerms(
  { training: { loss } }: Setup,
  logits: Value,
  labels: Value,
): Record<string, Term> {
  const terms: Record<string, Term> = {};
  if (loss.crossEntropy > 0)
    terms['crossEntropy'] = {
      value: crossEntropy(logits, labels),
      weight: loss.crossEntropy,
      title: 'Cross-entropy',
      color: 0,
    };
  if (loss.dice > 0)
    terms['dice'] = {
      value: softDice(logits, labels),
      weight: loss.dice,
      title: 'Soft Dice',
      color: 1,
    };
  return terms;
}

/** Supervised training of one network on the images of a batch. */
export const supervised =
  (setup: Setup, architecture: 'teacher' | 'student'): Stage['build'] =>
  (graph, n) => {
    const { classes } = setup;
    const network = new Network(graph, architecture, setup[architecture], classes.length, true);
    const logits = network.decode(network.encode(imagesInput(graph, setup, n)));
    return {
      terms: supervisedTerms(setup, logits, labelsInput(graph, setup, n)),
      trains: [`${architecture}/`],
      statistics: network.layers.statistics,
    };
  };
