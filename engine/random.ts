/**
 * Counter-based random numbers: a stream is a pure function of its key, so that a training step can be replayed
 * from (seed, stage, step) alone and a resumed run draws what an uninterrupted one would have drawn.
 * The generator is sfc32, seeded by mixing the key with MurmurHash3's finaliser.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;
  private spare: number | null = null;

  /** A stream for this key: numbers and strings, e.g. `new Random(seed, 'teacher', step)`. */
  constructor(...key: readonly (number | string)[]) {
    let h1 = 0x9e3779b9;
    let h2 = 0x85ebca6b;
    let h3 = 0xc2b2ae35;
    const absorb = (word: number) => {
      h1 = mix(h1 ^ word);
      h2 = mix(h2 + Math.imul(word, 0x27d4eb2f) + h1);
      h3 = mix(h3 ^ Math.imul(word, 0x165667b1) ^ h2);
    };
    for (const part of key) {
      if (typeof part === 'number') {
        absorb(part | 0);
        absorb(Math.floor(part / 2 ** 32) | 0);
      } else for (const character of part) absorb(character.codePointAt(0)!);
      absorb(0x2545f491);
    }
    [this.a, this.b, this.c] = [h1, h2, h3];
    for (let i = 0; i < 12; i++) this.bits();
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** Uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.bits() / 2 ** 32);
  }

  /** A uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** True with probability p. */
  chance(p: number): boolean {
    return this.uniform() < p;
  }

  /** Standard normal (Marsaglia's polar method). */
  normal(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    for (;;) {
      const u = this.uniform(-1, 1);
      const v = this.uniform(-1, 1);
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const factor = Math.sqrt((-2 * Math.log(s)) / s);
        this.spare = v * factor;
        return u * factor;
      }
    }
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [copy[i], copy[j]] = [copy[j], copy[i]];
    }
    return copy;
  }
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
