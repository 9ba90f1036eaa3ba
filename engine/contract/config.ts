/** Configs as the extension and the engine speak of them: types only. */

/** Place in a config, e.g. `['domains', 'ct', 'images']`; empty for the whole. */
export type ConfigPath = (string | number)[];

/** A config as the editor has it, and the values of `${name}` in it. */
export interface ConfigText {
  /** Absolute path; relative patterns start from its folder. */
  file: string;
  text: string;
  variables: Record<string, string>;
}

/** Something wrong in a config file, and what may be meant instead. */
export interface ConfigFault {
  message: string;
  /** From 1. */
  line: number;
  column: number;
  path: ConfigPath;
  fixes: Fix[];
}

/** What can be said of a config without looking at its files. */
export interface ConfigSummary {
  faults: ConfigFault[];
  /** Null where the text does not fit the schema. */
  config: {
    classes: string[];
    domains: { name: string; role: 'source' | 'target' }[];
    /** Absolute path of `output.folder`. */
    folder: string;
  } | null;
}

export interface ConfigCalls {
  /** Faults and outline of a config's text. */
  summarize: { params: ConfigText; result: ConfigSummary };
}

/** A change of the config that may be what was meant. */
export interface Fix {
  title: string;
  edits: FixEdit[];
}

/** A new value for a field (undefined: it goes), another name, or another text for one part of a pattern between two `/`. */
export type FixEdit =
  | { path: ConfigPath; value: unknown }
  | { path: ConfigPath; name: string }
  | { path: ConfigPath; segment: { from: string; to: string } };
