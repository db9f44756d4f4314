import { ClusterError } from '../common/index.js';
import { PAGE_BYTES_MAX, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX } from './limits.js';

/** How a list is asked for: all lists are paged alike. */
export type PageRequest = { readonly pageSize: number; readonly pageToken: string };
export type Page<T> = { readonly items: T[]; readonly nextPageToken: string };

/** Begins what a token holds. A token outlives the node that gave it: another release may be asked with it. */
const FORMAT = '1/';
/** The rest of a token: ids of keys and tasks, and nothing else. */
const TOKEN_ID = /^[a-z0-9_-]{1,63}$/;

/**
 * Cuts one page out of records in order of their ids.
 *
 * @param next - At most `limit` records after an id ('' begins), in order.
 * @param present - A record as the client sees it, or `undefined` when it does not.
 * @param sizeOf - Bytes of what the client sees: a page stays below what gRPC clients take.
 * @param scannedMax - Records to look at; a page that ends there may be short of items and still have a token.
 * @throws ClusterError `invalid-request` for a size or token that this did not give.
 */
export function cutPage<R, T>(
  request: PageRequest,
  next: (after: string, limit: number) => readonly R[],
  idOf: (record: R) => string,
  present: (record: R) => T | undefined,
  sizeOf: (item: T) => number,
  scannedMax = Number.MAX_SAFE_INTEGER,
): Page<T> {
  const size = pageSize(request.pageSize);
  const items: T[] = [];
  let after = readToken(request.pageToken);
  let bytes = 0;
  for (let scanned = 0; ;) {
    const batch = next(after, size + 1);
    for (const record of batch) {
      const item = present(record);
      const itemBytes = item === undefined ? 0 : sizeOf(item);
      const full = items.length === size || (bytes + itemBytes > PAGE_BYTES_MAX && bytes > 0);
      if (full || scanned === scannedMax) return { items, nextPageToken: token(after) };
      if (item !== undefined) items.push(item);
      bytes += itemBytes;
      after = idOf(record);
      scanned += 1;
    }
    if (batch.length <= size) return { items, nextPageToken: '' };
  }
}

function pageSize(asked: number): number {
  if (asked <= PAGE_ITEMS_MAX) return asked === 0 ? PAGE_ITEMS_DEFAULT : asked;
  throw new ClusterError('invalid-request', `page_size is at most ${PAGE_ITEMS_MAX}`, {
    reason: 'INVALID_PAGE_SIZE',
    field: 'page_size',
  });
}

/** Base64url (RFC 4648 §5) without padding, of the format and an id, which is ASCII. */
function token(id: string): string {
  return btoa(FORMAT + id)
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function readToken(text: string): string {
  if (text === '') return '';
  const id = idIn(text);
  if (TOKEN_ID.test(id) && token(id) === text) return id;
  throw new ClusterError('invalid-request', 'page_token is not one that a list gave', {
    reason: 'INVALID_PAGE_TOKEN',
    field: 'page_token',
  });
}

/** The id that a token holds, in any spelling; '' when it is no Base64, or of another format. */
function idIn(text: string): string {
  try {
    const held = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return held.startsWith(FORMAT) ? held.slice(FORMAT.length) : '';
  } catch {
    return '';
  }
}
