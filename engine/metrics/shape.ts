/** Samples along slices, rows, columns; a picture has 1 slice. */
export type Shape = readonly [slices: number, rows: number, columns: number];

/** Voxel size along slices, rows, columns in mm. */
export type Spacing = readonly [slice: number, row: number, column: number];
