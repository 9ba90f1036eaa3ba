import { join } from 'node:path';
import { assertTried, mutantsOf } from '../fuzz/watch';

const count = mutantsOf(10_000);

describe('damaged images', () => {
  it(`${count} of all formats are read or refused in one sentence, soon and in bounded memory`, () =>
    assertTried(join(__dirname, 'fuzz/child.ts'), count, count / 4)).timeout(60_000 + 50 * count);
});
