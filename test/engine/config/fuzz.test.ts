import { join } from 'node:path';
import { assertTried, mutantsOf } from '../fuzz/watch';

const count = mutantsOf(5000);

describe('damaged configs', () => {
  it(`${count} of them are read or refused with their place, soon and in bounded memory`, () =>
    assertTried(join(__dirname, 'fuzz/child.ts'), count, count / 4)).timeout(60_000 + 50 * count);
});
