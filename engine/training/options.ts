import Type from 'typebox';
import { augmentationOptions } from '../batches/augmentation';
import { settings } from '../options';
import { optimizerChoice } from './optimizer';
import { scheduleChoice } from './schedule';

/** A stage's length; what is not given is that of all stages. */
const stage = (markdownDescription: string, steps: number) =>
  settings(
    {
      steps: Type.Integer({
        markdownDescription: 'Optimiser steps, before `training.budget`.',
        default: steps,
        minimum: 1,
      }),
      batchSize: Type.Optional(
        Type.Integer({
          markdownDescription: 'Images a step; default `training.batchSize`.',
          minimum: 1,
          maximum: 1024,
        }),
      ),
      accumulate: Type.Optional(
        Type.Integer({
          markdownDescription: 'Parts of a batch; default `training.accumulate`.',
          minimum: 1,
          maximum: 1024,
        }),
      ),
      learningRate: Type.Optional(
        Type.Number({
          markdownDescription: 'Base learning rate; default `training.learningRate`.',
          exclusiveMinimum: 0,
        }),
      ),
    },
    { markdownDescription },
  );

export const trainingOptions = settings(
  {
    seed: Type.Integer({
      markdownDescription: 'Seed of everything random.',
      default: 0,
      minimum: 0,
      maximum: 2147483647,
    }),
    budget: Type.Number({
      markdownDescription:
        'Multiplies the steps of all stages: 0.1 for a quick look, 1 for the full length.',
      default: 1,
      exclusiveMinimum: 0,
    }),
    batchSize: Type.Integer({
      markdownDescription: 'Images a step.',
      default: 8,
      minimum: 1,
      maximum: 1024,
    }),
    accumulate: Type.Integer({
      markdownDescription:
        'Takes each batch in so many parts, one after the other, and steps once with the mean of their gradients: less memory for the same `batchSize`. Batch norm and the soft Dice then see a part at a time; of the gradients of terms that the dashboard shows it is the first part.',
      default: 1,
      minimum: 1,
      maximum: 1024,
    }),
    learningRate: Type.Number({
      markdownDescription: 'Base learning rate.',
      default: 0.001,
      exclusiveMinimum: 0,
    }),
    optimizer: optimizerChoice,
    schedule: scheduleChoice,
    clipNorm: Type.Number({
      markdownDescription: 'Largest L2 norm of the gradient; 0: no clipping.',
      default: 5,
      minimum: 0,
    }),
    average: Type.Number({
      markdownDescription:
        'Share that an exponential moving average of the weights keeps of itself at each step, as 0.99; its weights are then those that are judged and left, of every network alike. 0: the weights as they are.',
      default: 0,
      minimum: 0,
      exclusiveMaximum: 1,
    }),
    loss: settings(
      {
        crossEntropy: Type.Number({
          markdownDescription: 'Cross-entropy. **Published method.** ',
          default: 1,
          minimum: 0,
        }),
        dice: Type.Number({
          markdownDescription: 'Soft Dice. **Our choice.** ',
          default: 1,
          minimum: 0,
        }),
      },
      { markdownDescription: 'Weights of the segmentation loss.' },
    ),
    augmentation: augmentationOptions,
    evaluateEvery: Type.Integer({
      markdownDescription:
        "Steps between evaluations on the source's validation cases; 0: at the end of a stage only.",
      default: 100,
      minimum: 0,
    }),
    patience: Type.Integer({
      markdownDescription:
        "A stage ends early after so many evaluations on the source's validation cases without a better one; 0: never. Best with the schedule `constant`.",
      default: 0,
      minimum: 0,
    }),
    checkpointEvery: Type.Integer({
      markdownDescription: 'Steps between checkpoints.',
      default: 50,
      minimum: 1,
    }),
    stages: settings(
      {
        teacher: stage('Training of the teacher.', 2000),
        warmup: stage('Training of the student alone.', 2000),
        psae: stage('The semantic autoencoder.', 500),
        act: stage('Alignment consistency training.', 500),
        distill: stage('Distillation, and as long the control.', 2000),
      },
      {
        markdownDescription:
          'Length of each stage. The control trains exactly as long as distillation.',
      },
    ),
  },
  { markdownDescription: 'Training of all stages.' },
);
