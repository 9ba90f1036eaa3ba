import Type from 'typebox';
import { settings } from '../options';

export const outputOptions = settings(
  {
    folder: Type.Optional(
      Type.String({
        markdownDescription:
          "Folder of the run, relative to this file. Default: `runs/` and this file's name, beside it.",
        minLength: 1,
      }),
    ),
    predictions: Type.Boolean({
      default: true,
      markdownDescription: 'Write the label maps of all evaluated cases.',
    }),
    probabilities: Type.Boolean({
      default: false,
      markdownDescription:
        "Write the probabilities of all evaluated cases, for the viewer's threshold: NIfTI with a frame a class, or an 8-bit PNG for pictures of one class.",
    }),
    errors: Type.Boolean({
      default: false,
      markdownDescription:
        'Write where prediction and reference differ: 1 agreement, 2 only predicted, 3 only in the reference, 4 another class.',
    }),
  },
  { markdownDescription: 'What a run leaves.' },
);

export const cacheOptions = settings(
  {
    folder: Type.Optional(
      Type.String({
        markdownDescription:
          'Folder of the cache, relative to this file. Default: `runs/.cache` beside it.',
        minLength: 1,
      }),
    ),
    gigabytes: Type.Number({
      markdownDescription:
        'Its largest size in GB (10^9 bytes); the cases unused for longest give way. 0: no cache, all cases are kept in memory.',
      default: 20,
      minimum: 0,
    }),
  },
  {
    markdownDescription:
      'Prepared cases on disk, so that a cohort need not fit into memory and is not prepared again for the next run. Runs may share it.',
  },
);
