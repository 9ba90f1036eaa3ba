/** What a report can be written as, by the ending of its name. */
export const reportFormats = {
  html: 'self-contained HTML',
  md: 'Markdown',
  csv: 'CSV of every metric',
  tex: 'LaTeX tables (booktabs)',
  json: 'JSON',
} as const;
