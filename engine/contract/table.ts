/** A table for the screen, a report or a spreadsheet: types only. */
export interface Table {
  title: string;
  columns: Column[];
  rows: Cell[][];
  /** What is to be known beside the numbers. */
  note?: string;
}

export interface Column {
  title: string;
  numeric?: boolean;
}

export interface Cell {
  text: string;
  /** The number behind the text at full precision, for CSV. */
  value?: number | null;
  /** The best of those that it is compared with. */
  best?: boolean;
}
