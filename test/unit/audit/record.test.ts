import { expect, test } from '@jest/globals';
import { CHAIN_START, LINE_BYTES_MAX, lineOf, recordsOf } from '../../../src/audit/index.js';
import type { AuditRecord } from '../../../src/audit/index.js';
import {
  keyId,
  nodeId,
  refusal,
  sessionId,
  taskId,
  toHex,
  utf8,
} from '../../../src/common/index.js';
import type { Applied } from '../../../src/state/index.js';
import { APP, Ledger, NODES, OPERATOR, testGenesis } from '../../support/builders/ledger.js';

const { clusterId } = testGenesis();

function toldOf({ events }: Applied, index = 7): readonly AuditRecord[] {
  return recordsOf({ index, term: 2, kind: 'command' }, 5_000, events, clusterId);
}

function fieldsOf(applied: Applied): object[] {
  return toldOf(applied).map(({ event, fields }) => ({ event, ...fields }));
}

test('the genesis is the first line, and names the cluster', () => {
  const told = recordsOf({ index: 1, term: 1, kind: 'genesis' }, 5_000, [], clusterId);
  expect(told).toEqual([
    { index: 1, timeMs: 5_000, event: 'genesis', fields: { cluster: clusterId } },
  ]);
});

test('a generated key is told from its request to its outcome: who, what, which key, and by whom', () => {
  const ledger = new Ledger();
  const opened = ledger.generate('treasury');
  const [task = ''] = opened.changedTasks;
  expect(fieldsOf(opened)).toMatchObject([
    {
      event: 'request',
      method: '/quorate.v1.KeyService/GenerateKey',
      requester: OPERATOR,
      vouched_by: 'node-1',
      key: 'treasury',
      decision: 'opened',
      task,
    },
  ]);
  expect(fieldsOf(ledger.attempt(ledger.task(task)))).toMatchObject([
    { event: 'attempt', task, number: 1, nodes: NODES },
  ]);
  const said = NODES.map((node) =>
    ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(task), node) }),
  );
  expect(said.flatMap((each) => fieldsOf(each))).toMatchObject([
    { event: 'share-ready', key: 'treasury', node: 'node-1' },
    { event: 'share-ready', node: 'node-2' },
    { event: 'share-ready', node: 'node-3' },
    { event: 'key-activated', key: 'treasury', version: 1 },
    {
      event: 'outcome',
      kind: 'generate-key',
      requester: OPERATOR,
      key: 'treasury',
      result: 'done',
    },
  ]);
});

test('a refusal tells its reason, and names key and request only where it is known who asked', () => {
  const ledger = new Ledger();
  expect(fieldsOf(ledger.sign('nothing', 'one'))).toMatchObject([
    { requester: OPERATOR, key: 'nothing', decision: 'refused', reason: 'KEY_NOT_FOUND' },
  ]);
  const [told] = fieldsOf(ledger.sign('nothing', 'two', { node: 'node-9' }));
  expect(told).toMatchObject({ decision: 'refused', reason: 'INVALID_VOUCHER' });
  expect(told).not.toHaveProperty('key');
  expect(told).not.toHaveProperty('request_id');
});

test('no line has anything of the message that is signed', () => {
  const ledger = new Ledger();
  ledger.activeKey('treasury');
  const applied = ledger.sign('treasury', 'one');
  const [task = ''] = applied.changedTasks;
  const attempt = ledger.command({
    $case: 'attempt',
    value: ledger.signAttempt('treasury', task, 1),
  });
  const text = [...toldOf(applied), ...toldOf(attempt)]
    .map((record) => lineOf(record, CHAIN_START).text)
    .join('');
  const { request } = ledger.task(task);
  expect(text).toContain('"request_id":"one"');
  for (const secret of [toHex(request), toHex(utf8('hello')), 'hello'])
    expect(text).not.toContain(secret);
});

test('a line is a function of its entry: the same again, byte for byte', () => {
  const ledger = new Ledger();
  const applied = ledger.generate('treasury');
  const texts = [1, 2].map(() => toldOf(applied).map((record) => lineOf(record, CHAIN_START).text));
  expect(texts[0]).toEqual(texts[1]);
});

test('every event has a line of its own, or none; texts of any length and times of any size make short lines', () => {
  const node = nodeId('node-1');
  const [key, task, session] = [keyId('k'), taskId('a'.repeat(26)), sessionId('0'.repeat(64))];
  const long = 'x'.repeat(100_000);
  const told = recordsOf(
    { index: 7, term: 3, kind: 'command' },
    8.65e15,
    [
      {
        type: 'request-decided',
        hash: 'h',
        method: long,
        requester: undefined,
        result: { kind: 'refused', refusal: refusal('invalid-request', 'BAD', 'words') },
      },
      { type: 'upkeep-opened', task, kind: 'refresh' },
      { type: 'prepared-said', task, node, session },
      { type: 'generation-activated', set: 's', generation: 2, task },
      { type: 'installed-said', key, version: 2, node },
      { type: 'destroyed-said', key, node },
      { type: 'key-stage-changed', key, stage: 'retired' },
      { type: 'supplies-named', supplies: [] },
      { type: 'presignature-named', presignature: new Uint8Array(32) },
      { type: 'checkpoint-asked' },
      {
        type: 'task-closed',
        task,
        kind: 'sign',
        requester: APP,
        keyId: key,
        requestId: 'one',
        failure: 'CANCELLED',
      },
      { type: 'void-entry', why: 'a request that cannot be read' },
    ],
    clusterId,
  );
  expect(told.map(({ event }) => event)).toEqual([
    'request',
    'upkeep',
    'material-ready',
    'generation-activated',
    'share-installed',
    'share-destroyed',
    'key-stage',
    'outcome',
    'void',
  ]);
  expect(told[7]?.fields).toMatchObject({ result: 'cancelled', reason: 'CANCELLED' });
  for (const record of told) {
    const { text } = lineOf(record, CHAIN_START);
    expect(text.length).toBeLessThan(LINE_BYTES_MAX / 4);
    expect(text).toContain('"time":"8650000000000000"');
  }
});
