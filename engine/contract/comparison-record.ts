/** `comparison.json`: what a comparison's folder compares. Types only. */
export interface ComparisonRecord {
  meddistill: string;
  /** Absolute path of the config. */
  config: string;
  variables: Record<string, string>;
  /** In place of the config's `methods`, in their form; null: those of the config. */
  methods: unknown[] | null;
  seeds: number[];
  started: string;
}
