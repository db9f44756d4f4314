import { describe, expect, test } from '@jest/globals';
import {
  evidenceOfComplaint,
  evidenceOfMessages,
  evidenceOfSigning,
} from '../../../src/blame/index.js';
import type { AttemptBasis } from '../../../src/blame/index.js';
import { NOBLE_GROUPS } from '../../../src/crypto/index.js';
import { auxMaterialLayout, gg20Tables, prepareSet, PROFILES } from '../../../src/gg20/index.js';
import type { ProfileName } from '../../../src/gg20/index.js';
import { maskLayout, productLayout } from '../../../src/gg20/blame/messages.js';
import {
  head5Layout,
  head7Layout,
  masksLayout,
  productsLayout,
} from '../../../src/gg20/blame/split-openings.js';
import { answerPartLayout } from '../../../src/gg20/presign/answer-form.js';
import { presignBodies } from '../../../src/gg20/presign/messages.js';
import { prepareBodies } from '../../../src/gg20/prepare/messages.js';
import { PARTICIPANTS_MAX } from '../../../src/identity/index.js';
import { TO_ALL } from '../../../src/mpc/index.js';
import { PAYLOAD_BYTES_MAX } from '../../../src/raft/index.js';
import { EVIDENCE_BYTES_MAX, encodeCommand } from '../../../src/state/index.js';
import { PEER_MESSAGE_BYTES_MAX } from '../../../src/rpc/limits.js';
import { PREPARE_EVIDENCE_BYTES_MAX } from '../../../src/state/limits.js';
import { COMPLAINT_BYTES_MAX } from '../../../src/tasks/limits.js';
import { encode, Complaint, Gg20Profile, PrepareRequest, Ready } from '../../../src/wire/index.js';
import type { Envelope } from '../../../src/wire/index.js';

const tables = gg20Tables(NOBLE_GROUPS);
const LONGEST_NAME = 'n'.repeat(64);

const membersOf = (count: number) =>
  Array.from({ length: count }, () => ({
    nodeId: LONGEST_NAME,
    identityKey: new Uint8Array(32),
  }));

/** The attempt of a prepare by as many members as there may be, with the longest names. */
function basis(): AttemptBasis {
  const members = Array.from({ length: PARTICIPANTS_MAX }, () => LONGEST_NAME);
  const participants = members.map((nodeId) => ({ nodeId, identityKey: new Uint8Array(32) }));
  const nodes = members.map((nodeId) => ({ nodeId, boot: new Uint8Array(16) }));
  const payload = encodeCommand({
    $case: 'attempt',
    value: {
      taskId: 'a'.repeat(26),
      requestHash: new Uint8Array(32),
      number: 8,
      version: 0,
      sharingSession: new Uint8Array(0),
      assignment: { $case: 'boots', value: { nodes } },
      auxiliary: undefined,
      dealers: [],
    },
  });
  const culprit = { nodeId: LONGEST_NAME, evidence: fill(PREPARE_EVIDENCE_BYTES_MAX) };
  const request = { profile: Gg20Profile.P3072, participants, generation: 2 ** 32 - 1, culprit };
  return {
    entry: { index: 2 ** 52, term: 2 ** 52, timeMs: 2 ** 52, payload, previousHash: fill(32) },
    method: 'quorate.Upkeep/Prepare',
    request: encode(PrepareRequest, request),
  };
}

const fill = (length: number): Uint8Array => new Uint8Array(length).fill(1);

function said(kind: string, bytes: number): Envelope {
  const value = { body: fill(bytes), signature: fill(64) };
  const content = { $case: 'open', value } as const;
  return { sessionId: fill(32), kind, from: PARTICIPANTS_MAX, to: TO_ALL, content };
}

describe.each(Object.keys(PROFILES).filter(isProfile))('of %s with twenty members', (profile) => {
  const bodies = prepareBodies(prepareSet(tables, profile), PARTICIPANTS_MAX);
  const open = said('prepare/open', bodies.open.byteLength);

  test.each([
    ['Pi_prm', said('prepare/parameters', bodies.parameters.byteLength)],
    ['Pi_mod', said('prepare/prove', bodies.prove.byteLength)],
  ])(
    'evidence of a wrong %s fits an entry and a complaint, and so does who accuses with it falsely',
    (_, proof) => {
      const evidence = evidenceOfMessages(basis(), LONGEST_NAME, [open, proof]) ?? fill(0);
      expect(evidence.length).toBeGreaterThan(bodies.parameters.byteLength);
      const value = { items: [evidence] };
      const complaint = encode(Complaint, { shown: { $case: 'evidence', value } });
      expect(complaint.length).toBeLessThan(COMPLAINT_BYTES_MAX);
      const shown = said('attempt/complaint', complaint.length);
      const turned = evidenceOfComplaint(basis(), LONGEST_NAME, shown);
      expect(turned.length).toBeLessThan(EVIDENCE_BYTES_MAX);
    },
  );
});

describe.each(Object.keys(PROFILES).filter(isProfile))(
  'evidence of a wrong sum, %s,',
  (profile) => {
    test('of twenty signers fits a complaint, with a request of 56 KiB', () => {
      for (const evidence of ofSums(profile, PARTICIPANTS_MAX, 56 * 1024)) {
        const value = { items: [evidence] };
        const complaint = encode(Complaint, { shown: { $case: 'evidence', value } });
        expect(complaint.length).toBeLessThan(COMPLAINT_BYTES_MAX);
      }
      expect(COMPLAINT_BYTES_MAX + 1024).toBeLessThan(PEER_MESSAGE_BYTES_MAX);
    });

    test('of sixteen signers fits an entry, with a request of 16 KiB', () => {
      for (const evidence of ofSums(profile, 16, 16 * 1024)) {
        expect(evidence.length).toBeLessThan(EVIDENCE_BYTES_MAX);
      }
    });
  },
);

/** Evidence of a wrong delta and of a wrong sigma, as long as it is. */
function ofSums(profile: ProfileName, count: number, requestBytes: number): readonly Uint8Array[] {
  const set = prepareSet(tables, profile);
  const bodies = presignBodies(set, count);
  const echo = 16 + 104 * count;
  const [five, seven] = [head5Layout(set, count), head7Layout(set, count)];
  const of = (
    [head, entries, entry]: readonly { readonly byteLength: number }[],
    more: readonly Uint8Array[],
  ): Uint8Array => {
    const own = [head?.byteLength ?? 0, entries?.byteLength ?? 0, bodies.round5.byteLength];
    // Echoes of nonces, sums, points, openings, and S.
    const messages = [...own, echo, echo, echo, echo, echo];
    const named = [
      ...bytesOf(count, bodies.round1),
      ...bytesOf(count, bodies.round3),
      ...bytesOf(count, bodies.round4),
      ...bytesOf(count, head),
      ...bytesOf(2 * (count - 1), answerPartLayout(set)),
      ...bytesOf(count - 1, entry),
      ...more,
    ];
    return evidenceOfSigning(
      { ...basis(), request: fill(requestBytes) },
      LONGEST_NAME,
      messages.map((bytes) => said('gg20-sign/opening-5', bytes)),
      named,
      Ready.fromPartial({ sharing: { participants: membersOf(count) } }),
      fill(auxMaterialLayout(set, count).byteLength),
    );
  };
  return [
    of([five, masksLayout(set, count), maskLayout(set)], []),
    of([seven, productsLayout(set, count), productLayout(set)], bytesOf(count, bodies.round6)),
  ];
}

function bytesOf(times: number, layout: { readonly byteLength: number } | undefined): Uint8Array[] {
  return Array.from({ length: times }, () => fill(layout?.byteLength ?? 0));
}

test('an entry with all the evidence that it may carry is no longer than an entry may be', () => {
  const items = Array.from({ length: 8 }, () => fill(EVIDENCE_BYTES_MAX / 8));
  const value = { taskId: 'a'.repeat(26), reason: 'R'.repeat(64), evidence: items };
  expect(encodeCommand({ $case: 'failed', value }).length).toBeLessThan(PAYLOAD_BYTES_MAX);
});

function isProfile(name: string): name is ProfileName {
  return Object.hasOwn(PROFILES, name);
}
