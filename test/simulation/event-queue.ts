/** A binary heap of what is to happen, ordered by time and, at equal times, by who came first. */
export class EventQueue<T> {
  readonly #heap: { readonly at: number; readonly order: number; readonly event: T }[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  /** When the first is due. */
  get nextAt(): number | undefined {
    return this.#heap[0]?.at;
  }

  push(at: number, event: T): void {
    const heap = this.#heap;
    const entry = { at, order: this.#order++, event };
    let place = heap.push(entry) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(entry, above)) break;
      heap[place] = above;
      place = parent;
    }
    heap[place] = entry;
  }

  pop(): { readonly at: number; readonly event: T } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      const left = place * 2 + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const child = b !== undefined && before(b, a) ? left + 1 : left;
      const below = heap[child];
      if (below === undefined || !before(below, last)) break;
      heap[place] = below;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

type Place = { readonly at: number; readonly order: number };

function before(a: Place, b: Place): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
