import type { Node } from '../clusters/raft-cluster.js';
import { numberOf, termsWords, timeWords } from './words.js';

type Place = { readonly index: number; readonly term: number; readonly timeMs: number };

/** The log as the node has it: what is in memory, and the disk's before that. */
function logOf({ raft, disk, up }: Node): readonly Place[] {
  const front = disk.front?.before.index ?? 0;
  if (!up) return disk.entries.slice(front);
  return Array.from({ length: raft.lastIndex - front }, (_, at) => front + at + 1).flatMap(
    (index) => raft.entry(index) ?? disk.entries[index - 1] ?? [],
  );
}

export function statusLine(node: Node): string {
  const { raft, disk, up } = node;
  const name = numberOf(node.id);
  const log = termsWords(logOf(node));
  const vote = `vote ${numberOf(disk.hardState.votedFor)}`;
  if (!up) return `${name} is down; on its disk term ${disk.hardState.term}, ${vote}, log ${log}`;
  const who = raft.role === 'follower' ? ` of ${numberOf(raft.leader)}` : '';
  const how = `${raft.role}${who} in term ${raft.term}`;
  const far = `durable ${raft.durable}, committed ${raft.commit}, applied ${raft.applied}`;
  return `${name} is ${how}; log ${log}; ${far}`;
}

export function timesLine(node: Node): string {
  const times = logOf(node).map(({ index, timeMs }) => `${index} ${timeWords(timeMs)}`);
  return `${numberOf(node.id)}: ${times.join(', ')}`;
}
