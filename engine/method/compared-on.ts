import { choice } from '../options';

/** What the networks are compared on, for methods that compare predictions. */
export const scopeOption = choice(
  {
    views: 'The images and all their augmented views.',
    image: 'The images of a batch.',
  },
  { markdownDescription: 'What the networks are compared on.', default: 'views' },
);
