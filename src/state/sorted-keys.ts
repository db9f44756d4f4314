/** Keys in one piece of the list: what an insertion moves at most. */
const PIECE_MAX = 512;

/**
 * A set of texts in the order of their characters, whose changes and look-ups cost nearly the same however many there are: pieces
 * of some hundred, found by halving.
 */
export class SortedKeys {
  /** Each piece in order, none empty, and the pieces in order. */
  readonly #pieces: string[][] = [];

  /** @param key - One that is not there yet. */
  add(key: string): void {
    const at = this.#pieceOf(key);
    const piece = this.#pieces[at];
    if (piece === undefined) {
      this.#pieces.push([key]);
      return;
    }
    piece.splice(positionOf(piece, key), 0, key);
    if (piece.length > PIECE_MAX) this.#pieces.splice(at + 1, 0, piece.splice(PIECE_MAX / 2));
  }

  delete(key: string): void {
    const at = this.#pieceOf(key);
    const piece = this.#pieces[at];
    if (piece === undefined) return;
    const place = positionOf(piece, key);
    if (piece[place] !== key) return;
    piece.splice(place, 1);
    if (piece.length === 0) this.#pieces.splice(at, 1);
  }

  /** The first key that is `from` or comes after it. */
  firstFrom(from: string): string | undefined {
    const at = this.#pieceOf(from);
    const piece = this.#pieces[at];
    if (piece === undefined) return undefined;
    return piece[positionOf(piece, from)] ?? this.#pieces[at + 1]?.[0];
  }

  /** The piece that a key belongs into: the last one that does not begin after it. */
  #pieceOf(key: string): number {
    let [low, high] = [0, Math.max(0, this.#pieces.length - 1)];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#pieces[middle]?.[0] ?? '') <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The place of `key` in a sorted piece, or where it would be. */
function positionOf(piece: readonly string[], key: string): number {
  let [low, high] = [0, piece.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((piece[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
