/** The highest feature level that anything can name. */
export const LEVEL_MAX = 65_535;

/** Field 1, a varint. */
const LEVEL_TAG = 0x08;

/**
 * The feature level that an encoded message names in its first field; `undefined` for bytes that name none from 1 to
 * {@link LEVEL_MAX}. Reads nothing else, so a build of any level finds it in a message that only a later build can read.
 */
export function levelNamed(bytes: Uint8Array): number | undefined {
  const [tag, low = 0x80, middle = 0x80, high = 0x80] = bytes;
  if (tag !== LEVEL_TAG) return undefined;
  if (low < 0x80) return within(low);
  if (middle < 0x80) return middle === 0 ? undefined : within((low & 0x7f) | (middle << 7));
  if (high >= 0x80 || high === 0) return undefined;
  return within((low & 0x7f) | ((middle & 0x7f) << 7) | (high << 14));
}

function within(level: number): number | undefined {
  return level >= 1 && level <= LEVEL_MAX ? level : undefined;
}
