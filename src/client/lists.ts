import type { Algorithm, Key, KeyState, Label, Task, TaskKind, TaskState } from '../wire/index.js';
import { LIST_ITEMS_DEFAULT, PAGE_ITEMS_MAX } from './limits.js';
import { CALLS, wrongAnswer } from './methods.js';
import type { Transport } from './transport.js';
import { untilOf } from './until.js';
import type { CallOptions } from './until.js';

/** The part of a list that is asked for. */
export type ListInput = {
  /** At most so many: 1000 unless given. More than that are asked for in several calls. */
  readonly limit?: number | undefined;
  /** `nextPageToken` of the part before, which the same fields were given for. */
  readonly pageToken?: string | undefined;
};

/** The keys that are listed: those that the caller may see, and that have all that is given. */
export type ListKeysInput = ListInput & {
  /** The beginning of their ids. */
  readonly prefix?: string | undefined;
  /** SPIFFE id. */
  readonly owner?: string | undefined;
  readonly algorithm?: Algorithm | undefined;
  readonly labels?: readonly Label[] | undefined;
  readonly state?: KeyState | undefined;
};

/** The tasks that are listed: those that the caller may see, and that have all that is given. */
export type ListTasksInput = ListInput & {
  readonly state?: TaskState | undefined;
  readonly kind?: TaskKind | undefined;
  readonly keyId?: string | undefined;
  /** SPIFFE id. */
  readonly requester?: string | undefined;
};

/** A part of a list. */
export type ListPart<T> = {
  readonly items: readonly T[];
  /** Gets the next part; empty when there is none. */
  readonly nextPageToken: string;
  /** How many come behind this part, as the node counted when it answered; 10,000 stands for so many or more. */
  readonly moreCount: number;
};

type Ask<T> = (pageSize: number, pageToken: string) => Promise<ListPart<T>>;

export async function listKeys(
  transport: Transport,
  { prefix = '', owner = '', algorithm = 0, labels = [], state = 0, ...part }: ListKeysInput,
  options: CallOptions | undefined,
): Promise<ListPart<Key>> {
  const until = untilOf(options);
  const filter = { prefix, owner, algorithm, labels: [...labels], state };
  return collect(part, async (pageSize, pageToken) => {
    const request = { pageSize, pageToken, ...filter };
    const { keys, ...behind } = await transport.call(CALLS.listKeys, request, until);
    return { items: keys, ...behind };
  });
}

export async function listTasks(
  transport: Transport,
  { state = 0, kind = 0, keyId = '', requester = '', ...part }: ListTasksInput,
  options: CallOptions | undefined,
): Promise<ListPart<Task>> {
  const until = untilOf(options);
  return collect(part, async (pageSize, pageToken) => {
    const request = { pageSize, pageToken, state, kind, keyId, requester };
    const { tasks, ...behind } = await transport.call(CALLS.listTasks, request, until);
    return { items: tasks, ...behind };
  });
}

/** Every item of a list, a page at a time: the next is asked for when the items of the one before are used up. */
export async function* every<T>(
  { limit = Infinity, pageToken: begin = '' }: ListInput,
  listPart: (part: Required<ListInput>) => Promise<ListPart<T>>,
): AsyncGenerator<T, void, undefined> {
  let left = limit;
  let pageToken: string | undefined = begin;
  while (pageToken !== undefined && left > 0) {
    const part: ListPart<T> = await listPart({ limit: Math.min(left, PAGE_ITEMS_MAX), pageToken });
    yield* part.items;
    left -= part.items.length;
    pageToken = part.nextPageToken || undefined;
  }
}

/** Turns pages until there are as many items as the limit, or no more. */
async function collect<T>(
  { limit = LIST_ITEMS_DEFAULT, pageToken = '' }: ListInput,
  ask: Ask<T>,
): Promise<ListPart<T>> {
  const items: T[] = [];
  let page: ListPart<T> = { items, nextPageToken: pageToken, moreCount: 0 };
  do {
    const pageSize = Math.min(limit - items.length, PAGE_ITEMS_MAX);
    const { nextPageToken } = page;
    page = await ask(pageSize, nextPageToken);
    if (page.items.length === 0 && page.nextPageToken !== '')
      throw wrongAnswer('an empty part of a list that goes on');
    items.push(...page.items);
  } while (page.nextPageToken !== '' && items.length < limit);
  // A node may give more than it was asked for.
  return { ...page, items: items.slice(0, limit) };
}
