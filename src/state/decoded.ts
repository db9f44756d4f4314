/**
 * A decoder that remembers what it read for as long as the bytes are held. The state's values are never altered in place, and
 * neither are the records read from them: every write makes new ones. A request reads the same key and members many times.
 */
export function remembering<T extends object>(
  decode: (bytes: Uint8Array) => T,
): (bytes: Uint8Array) => T {
  const known = new WeakMap<Uint8Array, T>();
  return (bytes) => {
    const before = known.get(bytes);
    if (before !== undefined) return before;
    const value = decode(bytes);
    known.set(bytes, value);
    return value;
  };
}
