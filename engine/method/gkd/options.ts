import Type, { type Static, type TObject } from 'typebox';
import { choice, settings } from '../../options';

/** Weight of a term of the distillation loss. */
const termWeight = Type.Number({
  markdownDescription: '0 leaves it out.',
  default: 1,
  minimum: 0,
});

/** The terms of GKD, as the setting `method` gives them for every student. */
export const gkdTerms = {
  temperature: Type.Number({
    markdownDescription: "Temperature of the graphs' softmax. **Our choice.** ",
    default: 0.1,
    exclusiveMinimum: 0,
  }),
  graphLoss: choice(
    {
      kl: 'Kullback-Leibler divergence of the edge distributions.',
      mse: 'Mean squared difference of the edges.',
    },
    {
      markdownDescription: "Distance between teacher's and student's graphs. **Our choice.** ",
      default: 'kl',
    },
  ),
  intra: settings(
    { weight: termWeight },
    { markdownDescription: 'Intra-coupling graph: image to its views. **Published method.** ' },
  ),
  inter: settings(
    {
      weight: termWeight,
      scope: choice(
        {
          image: 'The views of each image.',
          batch: 'The views of all images of a batch.',
        },
        { markdownDescription: 'What it spans. **Our choice.** ', default: 'batch' },
      ),
    },
    { markdownDescription: 'Inter-coupling graph: views to views. **Published method.** ' },
  ),
  cross: settings(
    {
      weight: termWeight,
      scope: choice(
        {
          image: 'The images of a batch.',
          views: 'The images and all their augmented views.',
        },
        {
          markdownDescription: 'What the headers are exchanged on. **Our choice.** ',
          default: 'views',
        },
      ),
    },
    {
      markdownDescription:
        'Domain-invariant cross distillation: the headers are exchanged. **Published method.** ',
    },
  ),
};

/** The terms of one student, every value filled in. */
export type GkdOptions = Static<TObject<typeof gkdTerms>>;
