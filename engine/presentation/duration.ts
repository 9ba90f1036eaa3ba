const units = { h: 3600, m: 60, s: 1 };

/** How a duration is written. */
export const durationExamples = '45s, 30m, 2h or 1h30m';

/** Seconds of a duration as people write it: `45s`, `30m`, `2h`, `1h30m`; null for what is none, or no time at all. */
export function parseDuration(text: string): number | null {
  const parts = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/.exec(
    text.trim(),
  );
  if (!parts) return null;
  const [, h = 0, m = 0, s = 0] = parts.map(Number).map((n) => (Number.isNaN(n) ? 0 : n));
  const seconds = h * units.h + m * units.m + s * units.s;
  return seconds > 0 && Number.isFinite(seconds) ? seconds : null;
}

/** A duration for people: `40 s`, `3 min`, `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
