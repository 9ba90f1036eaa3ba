/** Names that users choose and that become parts of paths, and keys of objects. Pure. */

/** Characters that end a name or a folder on some system. */
const forbidden = '/\\:*?"<>|';
/** Names that Windows gives to devices, also with an ending. */
const devices = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
/** Of the 255 bytes that a file's name may have, with room for what is put around a name. */
const longest = 100;

/** What keeps a text from being the name of a file or a folder on every system, as the end of a sentence; null where nothing does. */
export function faultOfFileName(name: string): string | null {
  if (name === '') return 'is empty';
  if (name === '.' || name === '..') return 'is no name of a folder';
  const bad = [...name].find((c) => forbidden.includes(c) || c < ' ' || c === '\x7f');
  if (bad !== undefined)
    return `has ${bad < ' ' || bad === '\x7f' ? 'a control character' : bad} in it, which names of files may not have`;
  if (/^ |[ .]$/.test(name)) return 'begins or ends with a space or ends with a full stop';
  if (devices.test(name)) return 'is the name of a device on Windows';
  if (new TextEncoder().encode(name).length > longest) return `is longer than ${longest} bytes`;
  return null;
}

/** The nearest text that is the name of a file. */
export function asFileName(name: string): string {
  const own = [...name]
    .map((c) => (forbidden.includes(c) || c < ' ' || c === '\x7f' ? '-' : c))
    .join('')
    .replace(/^[ .-]+|[ .-]+$/g, '')
    .slice(0, Math.floor(longest / 4));
  return own === '' || faultOfFileName(own) !== null ? `name-${own}`.replace(/-$/, '') : own;
}

/** Whether every object of JavaScript has something of this name already, such as `constructor` or `__proto__`. */
export const isOfEveryObject = (name: string): boolean => name in Object.prototype;
