/** The part of VS Code's memento that is used. */
export interface Memento {
  get<T>(key: string, otherwise: T): T;
  update(key: string, value: unknown): Thenable<void>;
}

const key = 'viewer.settings';

/** How runs and files were looked at, the `limit` used last: settings of the viewer's page by folder or path. */
export class ViewerSettings {
  constructor(
    private readonly memento: Memento,
    private readonly limit = 50,
  ) {}

  /** Null where it was never looked at. */
  get(name: string): unknown {
    return this.all().find(([known]) => known === name)?.[1] ?? null;
  }

  set(name: string, settings: unknown): void {
    const others = this.all().filter(([known]) => known !== name);
    void this.memento.update(key, [[name, settings], ...others].slice(0, this.limit));
  }

  private all(): [string, unknown][] {
    return this.memento.get<[string, unknown][]>(key, []);
  }
}
