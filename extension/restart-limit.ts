/** Counts crashes: at `most` of them within `span` milliseconds it is time to stop trying. */
export class RestartLimit {
  private times: number[] = [];

  constructor(
    private readonly most: number,
    private readonly span: number,
    private readonly now: () => number = Date.now,
  ) {}

  add(): void {
    this.times.push(this.now());
  }

  reached(): boolean {
    const since = this.now() - this.span;
    this.times = this.times.filter((time) => time > since);
    return this.times.length >= this.most;
  }

  clear(): void {
    this.times = [];
  }
}
