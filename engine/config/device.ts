import { choice } from '../options';
import { deviceTitles } from '../runtime/catalogue';

/** Where the networks can run: a device of any runtime. */
export const deviceChoice = choice(deviceTitles, {
  markdownDescription: 'Where the networks run.',
  default: 'auto',
});
