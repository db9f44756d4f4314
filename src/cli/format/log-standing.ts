import { toHex } from '../../common/index.js';
import { LogStanding } from '../../wire/index.js';
import type { Cluster, LogContradiction } from '../../wire/index.js';
import { hex, nameOf } from './values.js';

/** Why a node that answers signs nothing, in words behind its name; nothing where its log is confirmed. */
export function standingFault({ logStanding }: Cluster): string | undefined {
  return logStanding === LogStanding.UNCONFIRMED
    ? 'is contradicted and confirmed by no majority: it signs nothing'
    : undefined;
}

/** How the answering node's log stands, for programs. */
export function standingOf({ logStanding, logContradictions }: Cluster): object {
  return {
    standing: nameOf(LogStanding, logStanding),
    contradictions: logContradictions.map((each) => ({
      term: Number(each.term),
      index: Number(each.index),
      first_node_id: each.firstNodeId,
      first_hash: hex(each.firstHash),
      second_node_id: each.secondNodeId,
      second_hash: hex(each.secondHash),
      evidence: hex(each.evidence),
    })),
  };
}

/** One line for each contradiction that a node has shown, and one for each node that signs nothing because of one. */
export function standingWarnings(answers: readonly Cluster[]): string[] {
  const found = new Set(
    answers.flatMap(({ logContradictions }) => logContradictions.map(contradictionWords)),
  );
  const stopped = new Set(
    answers.flatMap((answer) => {
      const fault = standingFault(answer);
      return fault === undefined ? [] : [`warning: the log of ${answer.nodeId} ${fault}`];
    }),
  );
  return [...found, ...stopped];
}

function contradictionWords(each: LogContradiction): string {
  const { term, index, firstNodeId, secondNodeId } = each;
  const [first, second] = [each.firstHash, each.secondHash].map(shortened);
  const where = `entry ${index} of term ${term}`;
  return firstNodeId === secondNodeId
    ? `warning: ${firstNodeId} has lied: it has signed both ${first} and ${second} for ${where}`
    : `warning: a fork: ${firstNodeId} has signed ${first} and ${secondNodeId} ${second} for ${where}`;
}

function shortened(hash: Uint8Array): string {
  return `${toHex(hash).slice(0, 16)}…`;
}
