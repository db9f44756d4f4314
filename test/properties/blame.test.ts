import { beforeAll, expect, test } from '@jest/globals';
import { array, assert, integer, nat, property, record, uint8Array } from 'fast-check';
import { evidenceOfMessages, evidenceOfShare, judgeEvidence } from '../../src/blame/index.js';
import { decode, encode, Evidence } from '../../src/wire/index.js';
import { judgeOf, openGenerate, openSign, SIGNERS } from '../support/builders/accusation.js';
import { runKeygen } from '../support/builders/frost-exchange.js';
import { NODES, verify } from '../support/builders/ledger.js';
import { ed25519Suite } from '../support/builders/schemes.js';

/** Evidence that is well formed, made of what honest nodes signed: in a key generation, and for a signature. */
const honest: Uint8Array[] = [];
const signing = openSign('later attempt');
const generating = openGenerate();
const judges = [judgeOf(signing.ledger), judgeOf(generating.ledger)];

beforeAll(async () => {
  const { sessionId, basis } = generating;
  const run = await runKeygen({
    suite: ed25519Suite,
    threshold: 2,
    count: 3,
    sessionId,
    signers: SIGNERS,
    verify,
  });
  for (const [at, node] of NODES.entries()) {
    const said = run.sessions[at]?.party.originals(['commit', 'open'], at + 1) ?? [];
    honest.push(evidenceOfMessages(basis, node, said) ?? new Uint8Array());
    honest.push(evidenceOfMessages(basis, node, said.slice(1)) ?? new Uint8Array());
    honest.push(
      evidenceOfMessages(basis, node, [...said.slice(0, 1), ...said.slice(0, 1)]) ??
        new Uint8Array(),
    );
  }
  for (const [at, share] of signing.shares.entries()) {
    const ready = signing.readies[at];
    if (ready !== undefined)
      honest.push(evidenceOfShare(signing.basis, NODES[at] ?? '', share, ready));
  }
});

test('evidence from altered messages of honest nodes names no honest node', () => {
  expect(honest).toHaveLength(11);
  const change = record({ at: nat(), byte: integer({ min: 1, max: 255 }) });
  assert(
    property(nat(), array(change, { maxLength: 3 }), (which, changes) => {
      const evidence = (honest[which % honest.length] ?? new Uint8Array()).slice();
      for (const { at, byte } of changes)
        evidence[at % evidence.length] = (evidence[at % evidence.length] ?? 0) ^ byte;
      for (const judge of judges) expect(judgeEvidence(judge, evidence)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test('parts of different evidence, put together, name no node', () => {
  const fields = record({
    nodeId: nat(),
    entry: nat(),
    method: nat(),
    request: nat(),
    reason: nat(),
    messages: nat(),
    ready: nat(),
    others: nat(),
    earlier: nat(),
    named: nat(),
    material: nat(),
  });
  assert(
    property(fields, (of) => {
      const all = honest.map((bytes) => decode(Evidence, bytes) ?? Evidence.fromPartial({}));
      const part = <N extends keyof typeof of>(name: N) => all[of[name] % all.length]?.[name];
      const evidence = encode(Evidence, {
        format: 1,
        nodeId: part('nodeId') ?? '',
        entry: part('entry'),
        method: part('method') ?? '',
        request: part('request') ?? new Uint8Array(),
        reason: part('reason') ?? '',
        messages: [...(part('messages') ?? [])],
        ready: part('ready'),
        others: [...(part('others') ?? [])],
        earlier: [...(part('earlier') ?? [])],
        named: [...(part('named') ?? [])],
        material: part('material') ?? new Uint8Array(),
      });
      for (const judge of judges) expect(judgeEvidence(judge, evidence)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

test('the judge of evidence throws on no bytes, and random bytes prove nothing', () => {
  assert(
    property(uint8Array({ maxLength: 400 }), (bytes) => {
      for (const judge of judges) expect(judgeEvidence(judge, bytes)).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});
