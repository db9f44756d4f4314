import { ClusterError, toHex, utf8 } from '../common/index.js';
import { sha256 } from '../crypto/index.js';
import type { Listed, ListPage } from '../state/index.js';
import { encode } from '../wire/index.js';
import type { MessageType } from '../wire/index.js';
import { PAGE_BYTES_MAX, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX } from './limits.js';

/** The way in which a list is asked for: all lists are paged alike. Its other fields say which list it is. */
export type PageRequest = { readonly pageSize: number; readonly pageToken: string };

/** Begins what a token holds. A token outlives the node that gave it: another release may be asked with it. */
const FORMAT = '2';
/** The rest of a token: a mark of the list that it is of, and the position in it, made of ids and times. */
const TOKEN = /^2\/([0-9a-f]{16})\/([a-z0-9_-]{1,63})$/;
const MARK_CHARS = 16;

/** A page that is asked for, and the way to ask for the next. */
export type AskedPage = {
  readonly page: ListPage;
  /** The fields of the answer that say what comes behind it. */
  readonly behind: (listed: Listed<unknown>) => {
    readonly nextPageToken: string;
    readonly moreCount: number;
  };
};

/**
 * Reads how a page is asked for. A token is the position in a list and a mark of its filter, so that it is right on every
 * node, whatever has come and gone since, and means nothing in another list.
 *
 * @throws ClusterError `invalid-request` for a size or a token that no list with these fields gave.
 */
export function askedPage<T extends PageRequest>(type: MessageType<T>, request: T): AskedPage {
  const list = encode(type, { ...request, pageSize: 0, pageToken: '' });
  const mark = toHex(sha256(utf8(Object.keys(request).join()), list)).slice(0, MARK_CHARS);
  const page = {
    after: positionIn(request.pageToken, mark),
    recordsMax: pageSize(request.pageSize),
    bytesMax: PAGE_BYTES_MAX,
  };
  return {
    page,
    behind: ({ next, moreCount }) => ({
      nextPageToken: next === '' ? '' : tokenOf(mark, next),
      moreCount,
    }),
  };
}

function pageSize(asked: number): number {
  if (asked <= PAGE_ITEMS_MAX) return asked === 0 ? PAGE_ITEMS_DEFAULT : asked;
  throw new ClusterError('invalid-request', `page_size is at most ${PAGE_ITEMS_MAX}`, {
    reason: 'INVALID_PAGE_SIZE',
    field: 'page_size',
  });
}

/** Base64url (RFC 4648 §5) without padding. */
function tokenOf(mark: string, position: string): string {
  return btoa(`${FORMAT}/${mark}/${position}`)
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function positionIn(token: string, mark: string): string {
  if (token === '') return '';
  const [, given = '', position = ''] = TOKEN.exec(textOf(token)) ?? [];
  if (position === '' || tokenOf(given, position) !== token)
    throw badToken('page_token is not one that a list gave');
  if (given !== mark) throw badToken('page_token is of a list with another filter');
  return position;
}

/** The text that a token holds, in any spelling; '' when it is no Base64. */
function textOf(token: string): string {
  try {
    return atob(token.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return '';
  }
}

function badToken(message: string): ClusterError {
  return new ClusterError('invalid-request', message, {
    reason: 'INVALID_PAGE_TOKEN',
    field: 'page_token',
  });
}
