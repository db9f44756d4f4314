import { Binary } from 'mongodb';
import type { Document } from 'mongodb';
import { keyId, sessionId } from '../../common/index.js';
import type { ShareId } from '../../ports/index.js';
import { standingOfText, standingToText } from '../standing.js';
import type { Standing, StoreId } from '../standing.js';

/*
 * Collection `shares`: one document per key share, which is one of a key version, so that each change is of one document and
 * atomic on any server:
 *
 *   { _id: "<key id> <session id>", format: 1, record: <the bytes that the embedded store has, too> }
 *
 * `_id` is the unique index and the order of lists: every server makes it with the collection, and no restore loses it.
 * Collection `store`: one document, `_id` "share-store", that says whose store this is.
 */
export const SHARES = 'shares';
export const STORE = 'store';
export const STORE_DOCUMENT = 'share-store';
const FORMAT = 1;

/** A space stands below every character of an id, so that names are in order of key, then session. */
const SEPARATOR = ' ';

export type ShareDocument = { _id: string; format: number; record: Binary };

/** The `_id` of a share's document. */
export function documentName({ keyId: key, sessionId: session }: ShareId): string {
  return `${key}${SEPARATOR}${session}`;
}

/** The key and session that {@link documentName} named. */
export function idOfDocument(name: string): ShareId {
  const [key = '', session = ''] = name.split(SEPARATOR);
  return { keyId: keyId(key), sessionId: sessionId(session) };
}

/** The document of a share's record. */
export function shareDocument(id: ShareId, record: Uint8Array): ShareDocument {
  return { _id: documentName(id), format: FORMAT, record: new Binary(record) };
}

/** The record in a document that anybody may have written; no bytes for a document of another form. */
export function recordIn(document: Document): Uint8Array {
  const bytes = document['format'] === FORMAT ? bytesOf(document['record']) : undefined;
  return bytes ?? new Uint8Array();
}

/** Whose store a database holds, and what it is to its node. */
export type StoreMark = {
  readonly storeId: StoreId;
  readonly identityKey: Uint8Array;
  readonly standing: Standing;
};

export type StoreDocument = {
  _id: string;
  format: number;
  store_id: string;
  identity_key: Binary;
  standing: string;
};

export function storeDocument({ storeId, identityKey, standing }: StoreMark): StoreDocument {
  return {
    _id: STORE_DOCUMENT,
    format: FORMAT,
    store_id: storeId,
    identity_key: new Binary(Uint8Array.from(identityKey)),
    standing: standingToText(standing),
  };
}

/** The mark in a document, `undefined` for a document of another form or format. */
export function markIn(document: Document): StoreMark | undefined {
  const { format, store_id: storeId, standing: text } = document;
  const identityKey = bytesOf(document['identity_key']);
  const standing = typeof text === 'string' ? standingOfText(text) : undefined;
  const isId = typeof storeId === 'string' && /^[0-9a-f]{32}$/.test(storeId);
  if (format !== FORMAT || !isId || identityKey === undefined || standing === undefined)
    return undefined;
  return { storeId, identityKey, standing };
}

/**
 * Names of documents: behind the space a session's id, or the shorter words under which a node files what is no share, for
 * example counts of failures.
 */
export const NAME_PATTERN = '^[a-z0-9_][a-z0-9_-]{0,62} [a-z0-9_-]{1,128}$';

/** The form of documents in `shares`, for a server that checks it. */
export const SHARES_VALIDATOR = {
  $jsonSchema: {
    bsonType: 'object',
    required: ['_id', 'format', 'record'],
    additionalProperties: false,
    properties: {
      _id: { bsonType: 'string', pattern: NAME_PATTERN },
      format: { enum: [FORMAT] },
      record: { bsonType: 'binData' },
    },
  },
};

function bytesOf(value: unknown): Uint8Array | undefined {
  return value instanceof Binary
    ? Uint8Array.from(value.buffer.subarray(0, value.position))
    : undefined;
}
