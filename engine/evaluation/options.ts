import Type from 'typebox';
import { anyOf, choice, settings } from '../options';

export const evaluationOptions = settings(
  {
    aggregate: choice(
      {
        case: 'Cases: a volume, a photograph.',
        slice: 'Slices.',
        global: 'One confusion matrix over all.',
      },
      { markdownDescription: 'What metrics are averaged over.', default: 'case' },
    ),
    threshold: anyOf(
      [
        choice(
          {
            argmax: 'The most probable class.',
            source:
              "For one class: the threshold with the best Dice on the source's validation cases.",
          },
          { markdownDescription: 'A rule.' },
        ),
        Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }),
      ],
      { markdownDescription: 'How probabilities become labels.', default: 'argmax' },
    ),
    bootstrap: Type.Integer({
      markdownDescription: 'Bootstrap resamples for confidence intervals.',
      default: 2000,
      minimum: 0,
    }),
    confidence: Type.Number({
      markdownDescription: 'Confidence of the intervals.',
      default: 0.95,
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
    }),
    watch: Type.Integer({
      markdownDescription:
        'Cases of each target whose Dice is shown during training. They are only watched: nothing is chosen by them. 0: none.',
      default: 2,
      minimum: 0,
    }),
    keepLargest: Type.Array(Type.String(), {
      default: [],
      uniqueItems: true,
      markdownDescription:
        'Classes of which only the largest connected part of a prediction is kept: in a volume, or in each picture.',
    }),
  },
  { markdownDescription: 'Evaluation.' },
);
