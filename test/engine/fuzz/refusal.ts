import { UserError } from '../../../engine/errors';

/** What is wrong with how a file is refused, which is by one sentence with `name` in it; null: nothing. */
export function faultOfRefusal(error: unknown, name: string): string | null {
  if (!(error instanceof UserError)) return (error as Error).stack ?? String(error);
  const { message } = error;
  if (!message.includes(name)) return `names no file: ${message}`;
  // eslint-disable-next-line no-control-regex
  if (!message.endsWith('.') || /[\x00-\x1f]/.test(message) || message.length > 600)
    return `no sentence: ${message}`;
  return null;
}
