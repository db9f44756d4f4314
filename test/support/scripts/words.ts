import type { NodeId } from '../../../src/common/index.js';
import type { Entry } from '../../../src/ports/index.js';
import type { Message, Ready } from '../../../src/raft/index.js';
import { START_MS } from '../clusters/raft-cluster.js';

/* How messages, entries and writes are written in a trace. Node `node-3` is `3`; an entry's place is `index/term`. */

export function numberOf(id: NodeId | undefined): string {
  return id === undefined ? 'nobody' : id.replace('node-', '');
}

/** The name of a message's type, by which scripts choose messages. */
export function kindOf(message: Message): string {
  return 'pre' in message && message.pre ? `pre-${message.type}` : message.type;
}

export function wayOf({ from, to }: Message): string {
  return `${numberOf(from)}->${numberOf(to)}`;
}

export function entryWords({ index, term, kind, payload }: Entry): string {
  const text = kind === 'command' ? new TextDecoder().decode(payload) : kind;
  return `${index}/${term} ${text}`;
}

/** Of many entries the first and the last. */
export function entriesWords(entries: readonly Entry[]): string {
  if (entries.length <= 4) return entries.map(entryWords).join(', ');
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) return '';
  return `${entryWords(first)} to ${entryWords(last)}`;
}

/** What a message says, without sender and receiver. */
export function messageWords(message: Message): string {
  return `${kindOf(message)} term ${message.term}${contents(message)}`;
}

function contents(message: Message): string {
  switch (message.type) {
    case 'vote-request':
      return `, last ${message.lastIndex}/${message.lastTerm}`;
    case 'vote-reply':
      return message.granted ? ', granted' : ', refused';
    case 'append': {
      const { prevIndex, prevTerm, commit, entries, round } = message;
      const asked = round === 0 ? '' : `, round ${round}`;
      const brought = entries.length === 0 ? '' : `: ${entriesWords(entries)}`;
      return `, behind ${prevIndex}/${prevTerm}, commit ${commit}${asked}${brought}`;
    }
    case 'append-reply': {
      const { answer, round } = message;
      const asked = round === 0 ? '' : `, round ${round}`;
      if (answer.refused === undefined) return `, match ${answer.match}${asked}`;
      if (answer.refused !== 'conflict') return `, no ${answer.refused} behind ${answer.match}`;
      return `, conflict at ${answer.prevIndex}, hint ${answer.hintIndex}/${answer.hintTerm}`;
    }
    case 'acknowledgement':
      return `, index ${message.index}`;
    case 'read-request':
    case 'time-request':
      return '';
    case 'read-reply':
      return message.index === undefined ? ', refused' : `, index ${message.index}`;
    case 'time-reply':
      return `, ${timeWords(message.timeMs)}`;
    case 'timeout-now':
      return `, target ${numberOf(message.target)}, last ${message.lastIndex}/${message.lastTerm}`;
    default:
      throw new Error('an unknown message');
  }
}

/** Relative to the start of the cluster's clock. */
export function timeWords(timeMs: number): string {
  const ms = timeMs - START_MS;
  return `time ${ms < 0 ? '' : '+'}${ms} ms`;
}

export function persistWords({
  hardState,
  truncateFrom,
  entries,
  front,
}: NonNullable<Ready['persist']>): string {
  return [
    ...(hardState === undefined
      ? []
      : [`term ${hardState.term}, vote ${numberOf(hardState.votedFor)}`]),
    ...(truncateFrom === undefined ? [] : [`nothing from ${truncateFrom} on`]),
    ...(entries.length === 0 ? [] : [entriesWords(entries)]),
    ...(front === undefined ? [] : [`the log behind ${front.before.index}/${front.before.term}`]),
  ].join('; ');
}

/** The terms of a log, run by run: `1/1 2-5/3`. */
export function termsWords(places: readonly { index: number; term: number }[]): string {
  const runs: { first: number; last: number; term: number }[] = [];
  for (const { index, term } of places) {
    const run = runs.at(-1);
    if (run?.term === term) run.last = index;
    else runs.push({ first: index, last: index, term });
  }
  return runs
    .map(({ first, last, term }) => `${first === last ? first : `${first}-${last}`}/${term}`)
    .join(' ');
}
