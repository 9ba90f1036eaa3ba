import { choice } from '../options';

/** What the networks are compared on, for methods that compare predictions. */
export const scopeOption = choice(
  {
    views: 'The images and all their augmented views.',
    image: 'The images of a batch.',
  },
  { markdownDescription: 'What the networks are compared on.', default: 'views' },
);

/** What of a method follows from that option. */
export const comparedOn = {
  views: ({ scope }: { scope: 'views' | 'image' }, allowed: number) =>
    scope === 'views' ? allowed : 0,
  predicts: ({ scope }: { scope: 'views' | 'image' }) =>
    scope === 'views' ? ('views' as const) : ('images' as const),
};
