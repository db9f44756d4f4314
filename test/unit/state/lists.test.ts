import { expect, test } from '@jest/globals';
import { ListIndex, Overlay, recordOfKey } from '../../../src/state/index.js';
import type { ActiveKey, KeyStage } from '../../../src/state/index.js';
import { LIST_MORE_COUNT_MAX } from '../../../src/state/limits.js';
import { memoryConsensusStore } from '../../../src/store/index.js';
import { encode, KeyRecord, TaskRecord } from '../../../src/wire/index.js';
import { keyWith, retired } from '../../support/builders/active-key.js';
import { toTheEnd } from '../../support/builders/sliced.js';

const OWNER = 'spiffe://quorate/app/a';
const page = { after: '', recordsMax: 2, bytesMax: 1_000_000 };

function keyBytes(keyId: string, owner: string, request = new Uint8Array(0)): Uint8Array {
  return encode(KeyRecord, recordOfKey(keyWith({ keyId, owner, request })));
}

test('the records behind a page are counted as far as the bound, and no further', () => {
  const overlay = new Overlay(memoryConsensusStore());
  const index = new ListIndex(overlay);
  toTheEnd(index.build());
  const put = (from: number, to: number): void => {
    for (let at = from; at < to; at++) {
      const taskId = String.fromCharCode(97 + (at % 26), 97 + ((at / 26) % 26), 97 + at / 676);
      const createTimeMs = BigInt(at);
      const task = TaskRecord.fromPartial({ taskId: taskId.padEnd(26, 'a'), createTimeMs });
      overlay.put([[`task/${task.taskId}`, encode(TaskRecord, task)]]);
    }
  };

  put(0, LIST_MORE_COUNT_MAX + 1);
  expect(toTheEnd(index.tasks({}, page)).moreCount).toBe(LIST_MORE_COUNT_MAX - 1);
  put(LIST_MORE_COUNT_MAX + 1, LIST_MORE_COUNT_MAX + 9);
  const listed = toTheEnd(index.tasks({}, page));
  expect(listed).toMatchObject({ records: [{}, {}], moreCount: LIST_MORE_COUNT_MAX });
  expect(toTheEnd(index.tasks({}, { ...page, after: listed.next })).records).toHaveLength(2);
});

test('a record that its row lets through and that does not fit is not shown, nor makes a page empty', () => {
  const rows = new Overlay(memoryConsensusStore());
  const ids = ['a', 'b', 'c', 'd', 'e'];
  rows.put(ids.map((id) => [`key/${id}`, keyBytes(id, OWNER)]));
  // Two owners whose hashes are equal would look so.
  const truth = new Map([
    ['key/d', OWNER],
    ['key/e', OWNER],
  ]);
  const index = new ListIndex({
    follow: () => undefined,
    scan: (prefix, from) => rows.scan(prefix, from),
    peek: (key) => keyBytes(key.slice(4), truth.get(key) ?? 'spiffe://quorate/app/b'),
  });
  toTheEnd(index.build());

  const { records, next } = toTheEnd(index.keys({ owner: OWNER }, { ...page, recordsMax: 1 }));
  expect(records.map(({ keyId }) => keyId)).toEqual(['d']);
  const rest = toTheEnd(index.keys({ visibleTo: OWNER }, { ...page, after: next }));
  expect(rest.records.map(({ keyId }) => keyId)).toEqual(['e']);
});

test('keys are listed by where they stand, which changes with their records', () => {
  const overlay = new Overlay(memoryConsensusStore());
  const index = new ListIndex(overlay);
  toTheEnd(index.build());
  const installed = [{ nodeId: 'node-1', signature: new Uint8Array(64) }];
  const [young, used] = [
    keyWith({ keyId: 'young', threshold: 1 }),
    keyWith({ keyId: 'used', threshold: 1, installed }),
  ];
  const listed = (stage: KeyStage): readonly string[] =>
    toTheEnd(index.keys({ stage }, page)).records.map(({ keyId }) => keyId);
  const put = (key: ActiveKey): void =>
    overlay.put([[`key/${key.keyId}`, encode(KeyRecord, recordOfKey(key))]]);
  put(young);
  put(used);
  expect([listed('pending'), listed('active'), listed('retired')]).toEqual([
    ['young'],
    ['used'],
    [],
  ]);

  put(retired(used));
  expect([listed('pending'), listed('active'), listed('retired')]).toEqual([
    ['young'],
    [],
    ['used'],
  ]);
  put(used);
  expect([listed('active'), listed('retired')]).toEqual([['used'], []]);
});

test('a page ends before the record that would make it too large, unless it is the first', () => {
  const overlay = new Overlay(memoryConsensusStore());
  const index = new ListIndex(overlay);
  toTheEnd(index.build());
  for (const id of ['a', 'b', 'c'])
    overlay.put([[`key/${id}`, keyBytes(id, OWNER, new Uint8Array(1_000))]]);

  const small = toTheEnd(index.keys({}, { after: '', recordsMax: 9, bytesMax: 2_500 }));
  expect(small.records.map(({ keyId }) => keyId)).toEqual(['a', 'b']);
  expect(small).toMatchObject({ next: 'b', moreCount: 1 });
  const one = toTheEnd(index.keys({}, { after: '', recordsMax: 9, bytesMax: 10 }));
  expect(one.records.map(({ keyId }) => keyId)).toEqual(['a']);
});
