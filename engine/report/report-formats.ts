/** What a report can be written as, by the ending of its name. */
export const reportFormats = {
  html: 'self-contained HTML',
  md: 'Markdown',
  csv: 'CSV of every metric',
  json: 'JSON',
} as const;
