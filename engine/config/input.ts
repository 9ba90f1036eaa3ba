import Type from 'typebox';
import { anyOf, choice, pair, settings } from '../options';

const pixels = Type.Integer({ minimum: 16, maximum: 2048 });

export const inputOptions = settings(
  {
    size: anyOf([pixels, pair(pixels)], {
      markdownDescription: 'Rows and columns in pixels: one number for a square.',
      default: 128,
    }),
    fit: choice(
      {
        resize: 'The whole slice is resampled to `size`.',
        patch: 'Patches of `size`; whole slices are put together from overlapping tiles.',
      },
      { markdownDescription: 'How a slice becomes network input.', default: 'resize' },
    ),
    spacing: Type.Number({
      markdownDescription:
        'With `patch`: slices are first resampled to this pixel spacing in mm, so that structures have one size in pixels in all domains; 0: as they are.',
      default: 0,
      minimum: 0,
    }),
    overlap: Type.Number({
      markdownDescription: 'With `patch`: share of a tile that overlaps its neighbour.',
      default: 0.25,
      minimum: 0,
      maximum: 0.9,
    }),
  },
  { markdownDescription: 'The image that the networks see.' },
);
