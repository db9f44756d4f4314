import { expect, test } from '@jest/globals';
import {
  standingFault,
  standingOf,
  standingWarnings,
} from '../../../src/cli/format/log-standing.js';
import { memberState } from '../../../src/cli/format/members.js';
import { Cluster, decode, LogStanding, Member } from '../../../src/wire/index.js';
import type { Cluster as ClusterMessage } from '../../../src/wire/index.js';

function answerOf(nodeId: string, changes: Partial<ClusterMessage>): ClusterMessage {
  const plain = decode(Cluster, new Uint8Array(0));
  if (plain === undefined) throw new Error('an empty message is one');
  return { ...plain, nodeId, ...changes };
}

const FORK = {
  term: 4n,
  index: 9n,
  firstNodeId: 'a',
  firstHash: new Uint8Array(32).fill(1),
  secondNodeId: 'b',
  secondHash: new Uint8Array(32).fill(2),
  evidence: Uint8Array.of(1, 2, 3),
};
const LIE = { ...FORK, firstNodeId: 'c', secondNodeId: 'c' };

test('a fork is said once, whoever shows it, and each node that signs nothing because of it', () => {
  const logContradictions = [FORK, LIE];
  const stopped = { logContradictions, logStanding: LogStanding.UNCONFIRMED };
  const answers = [
    answerOf('a', stopped),
    answerOf('b', stopped),
    answerOf('d', { logContradictions, logStanding: LogStanding.CONFIRMED }),
  ];
  expect(standingWarnings(answers)).toEqual([
    'warning: a fork: a has signed 0101010101010101… and b 0202020202020202… for entry 9 of term 4',
    'warning: c has lied: it has signed both 0101010101010101… and 0202020202020202… for entry 9 of term 4',
    'warning: the log of a is contradicted and confirmed by no majority: it signs nothing',
    'warning: the log of b is contradicted and confirmed by no majority: it signs nothing',
  ]);
  expect(answers.map((answer) => standingFault(answer) !== undefined)).toEqual([true, true, false]);
});

test('a cluster without a contradiction, and a node of an earlier build, have nothing to say', () => {
  const undisputed = answerOf('a', { logStanding: LogStanding.UNDISPUTED });
  expect(standingWarnings([undisputed, answerOf('b', {})])).toEqual([]);
  expect(standingFault(answerOf('b', {}))).toBeUndefined();
});

test('programs get both hashes and the evidence itself', () => {
  const stopped = { logContradictions: [FORK], logStanding: LogStanding.UNCONFIRMED };
  expect(standingOf(answerOf('a', stopped))).toEqual({
    standing: 'UNCONFIRMED',
    contradictions: [
      {
        term: 4,
        index: 9,
        first_node_id: 'a',
        first_hash: '01'.repeat(32),
        second_node_id: 'b',
        second_hash: '02'.repeat(32),
        evidence: '010203',
      },
    ],
  });
});

test('a member that signs nothing says so of itself, though it hears a leader', () => {
  const quorum = { present: true, heard: 2, needed: 2, voters: 3 };
  const own = answerOf('a', { quorum, caughtUp: true, logStanding: LogStanding.UNCONFIRMED });
  const member = decode(Member, new Uint8Array(0));
  if (member === undefined) throw new Error('an empty message is one');
  expect(memberState(answerOf('b', {}), { ...member, nodeId: 'a' }, own)).toMatch(/signs nothing/);
});
