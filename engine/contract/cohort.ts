/** The files that a config names, as the extension asks about them: types only. */
import type { ConfigPath, ConfigText, Fix } from './config';

/** Calls about the files that a config names. */
export interface CohortCalls {
  /** Reads the cohort; takes up to 15 seconds, and the rest at the next call. Null where no domain can be read. */
  survey: { params: ConfigText; result: ConfigSurvey | null };
  /** A PNG of one case of a domain with its label, as a data URI; null where there is none. */
  thumbnail: { params: ConfigText & { domain: string; side: number }; result: string | null };
  /** What lies in the folder that the beginning of a pattern or path leads to. */
  listFolder: {
    params: ConfigText & { prefix: string };
    result: { name: string; isFolder: boolean }[];
  };
  /** Files of a pattern: how many, and the first of them. */
  match: {
    params: ConfigText & { pattern: string };
    result: { base: string; count: number; first: string[] };
  };
}

/** Which cases a network learns from, is chosen by, and is judged on. */
export type SplitName = 'train' | 'validation' | 'test';

/** What a config's files are like, for the person who writes it. */
export interface Survey {
  domains: Record<string, DomainSurvey>;
  faults: SurveyFault[];
}

export interface DomainSurvey {
  role: 'source' | 'target';
  /** With the middle one of its files. */
  cases: { id: string; split: SplitName; image: string; label: string }[];
  /** Image files. */
  files: number;
  /** Cases whose files were read for what follows; fewer than there are where the time was up. */
  read: number;
  /** Slices along the first files' last axis, or files, of the cases that were read. */
  slices: number;
  /** Sizes as `columns x rows x slices`, most frequent first, with how many cases have them. */
  sizes: [size: string, cases: number][];
  /** Voxel sizes in mm, likewise; empty where no file states one. */
  spacings: [spacing: string, cases: number][];
  /** Kinds of the image files, e.g. `nifti1 int16`. */
  kinds: string[];
  /** Least and greatest sample of the images. */
  range: [number, number] | null;
  /** For each class its share of all pixels and the number of cases that have it. */
  classes: { name: string; share: number; cases: number }[];
  /** Samples that occur in the label files, in order; for colour files their colours. Null: too many to be labels. */
  values: (number | [number, number, number])[] | null;
}

/** Something in the files that does not fit the config. */
export interface SurveyFault {
  message: string;
  severity: 'error' | 'warning';
  /** Place in the config. */
  path: ConfigPath;
  fixes: Fix[];
}

export interface ConfigSurvey extends Survey {
  /** What is wrong with the text itself, each with the place in it, from 1. */
  textFaults: (Omit<SurveyFault, 'path'> & { line: number; column: number })[];
}
