import type { DistillConfig } from '../config/config';
import type { Value } from '../graph/graph';
import { Network } from '../networks/network';
import type { Stage, Term } from '../training/stage';
import { imagesInput, labelsInput } from './rows';
import { crossEntropy, softDice } from './segmentation-loss';

/** What a network learns from labels: cross-entropy and soft Dice, as the config weighs them. Both [n, classes + 1, h, w]. */
export function supervisedTerms(
  { training: { loss } }: DistillConfig,
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
  (config: DistillConfig, architecture: 'teacher' | 'student'): Stage['build'] =>
  (graph, n) => {
    const { classes } = config;
    const network = new Network(graph, architecture, config[architecture], classes.length, true);
    const logits = network.decode(network.encode(imagesInput(graph, config, n)));
    return {
      terms: supervisedTerms(config, logits, labelsInput(graph, config, n)),
      trains: [`${architecture}/`],
      statistics: network.layers.statistics,
    };
  };
