/** Values with typed arrays in them as text, for the way between the test and its page. */

const types = { Uint8Array, Int8Array, Int16Array, Uint16Array, Uint32Array, Float32Array };
type TypeName = keyof typeof types;

export const pack = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => {
    if (!ArrayBuffer.isView(inner)) return inner;
    const bytes = new Uint8Array(inner.buffer, inner.byteOffset, inner.byteLength);
    let binary = '';
    for (let n = 0; n < bytes.length; n += 8192)
      binary += String.fromCharCode(...bytes.subarray(n, n + 8192));
    return { $type: inner.constructor.name, content: btoa(binary) };
  });

export const unpack = (text: string): unknown =>
  JSON.parse(text, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || !('$type' in inner)) return inner;
    const { $type, content } = inner as { $type: TypeName; content: string };
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    return new types[$type](bytes.buffer);
  });
