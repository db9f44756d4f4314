/** Texts of one chunk: adding one in the middle moves at most so many. */
const CHUNK_TEXTS_MAX = 512;

/**
 * Texts in the order of their characters. Each begins with a key that no other begins with. Adding, replacing and removing
 * one costs about the same however many there are; a walk begins anywhere, and holds nothing between two of its steps.
 */
export class SortedTexts {
  /** No chunk is empty. */
  readonly #chunks: string[][] = [];

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** @param text - Begins with `key`; takes the place of the text that did, if there is one. */
  put(key: string, text: string): void {
    const at = Math.min(this.#chunkOf(key), Math.max(this.#chunks.length - 1, 0));
    const chunk = (this.#chunks[at] ??= []);
    const place = placeOf(chunk, key);
    chunk.splice(place, chunk[place]?.startsWith(key) === true ? 1 : 0, text);
    if (chunk.length <= CHUNK_TEXTS_MAX) return;
    // Tasks come in order of time: cutting off the newest alone leaves full chunks behind, not halves.
    const isNewest = at === this.#chunks.length - 1 && place === chunk.length - 1;
    this.#chunks.splice(at + 1, 0, chunk.splice(isNewest ? -1 : CHUNK_TEXTS_MAX / 2));
  }

  delete(key: string): void {
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    if (chunk === undefined) return;
    const place = placeOf(chunk, key);
    if (chunk[place]?.startsWith(key) !== true) return;
    chunk.splice(place, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** @returns Some texts from `from` on, in order; none when there are no more. */
  up(from: string): readonly string[] {
    const chunk = this.#chunks[this.#chunkOf(from)];
    return chunk?.slice(placeOf(chunk, from)) ?? [];
  }

  /** @returns Some texts below `before`, the last of them first; none when there are no more. */
  down(before: string): readonly string[] {
    let at = this.#chunkOf(before);
    const chunk = this.#chunks[at];
    const place = chunk === undefined ? 0 : placeOf(chunk, before);
    if (chunk !== undefined && place > 0) return chunk.slice(0, place).toReversed();
    at -= 1;
    return this.#chunks[at]?.toReversed() ?? [];
  }

  /** The first chunk whose last text is not below `key`; the count of chunks when all are. */
  #chunkOf(key: string): number {
    return firstIndex(this.#chunks.length, (at) => (this.#chunks[at]?.at(-1) ?? '') >= key);
  }
}

/** The index of the first text that is not below `key`. */
function placeOf(chunk: readonly string[], key: string): number {
  return firstIndex(chunk.length, (at) => (chunk[at] ?? '') >= key);
}

/** The first index of which `claim` holds, as it does of all behind it; `count` when it holds of none. */
function firstIndex(count: number, claim: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (claim(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
