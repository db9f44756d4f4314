import { compareText } from '../common/index.js';
import type { KindCount } from '../wire/index.js';

/** The count of a kind among counts; 0 where it has none. */
export function openCount({ open }: { readonly open: readonly KindCount[] }, kind: string): number {
  return open.find((each) => each.kind === kind)?.count ?? 0;
}

/** Counts with that of one kind changed: sorted, none with a count of 0. */
export function withCount(open: readonly KindCount[], kind: string, change: number): KindCount[] {
  const now = { kind, count: openCount({ open }, kind) + change };
  return [...open.filter((each) => each.kind !== kind), now]
    .filter((each) => each.count > 0)
    .sort((a, b) => compareText(a.kind, b.kind));
}
