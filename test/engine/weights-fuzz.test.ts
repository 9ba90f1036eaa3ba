import { join } from 'node:path';
import { assertTried, mutantsOf } from './fuzz/watch';

const count = mutantsOf(5000);

describe('damaged weights', () => {
  it(`${count} of teachers, finished stages and checkpoints are read or refused in one sentence, soon and in bounded memory`, () =>
    assertTried(join(__dirname, 'fuzz/weights/child.ts'), count, count / 4)).timeout(
    120_000 + 50 * count,
  );
});
