import { fromHex, nodeId } from '../../../src/common/index.js';
import type { Entry, Link } from '../../../src/ports/index.js';
import type { AppendAnswer, Message } from '../../../src/raft/index.js';
import { BOOT, entriesAfter } from '../clusters/raft-cluster.js';
import { placeOf } from './filter.js';
import type { Words } from './filter.js';
import type { Stage } from './stage.js';

/** A message that nobody sent, of the fields that a script names: what a liar could say, or a network could have kept. */
export function forge(stage: Stage, way: string, kind: string, words: Words): Message {
  const [from = '', to = ''] = way.split('->');
  const term = words.number('term', 2);
  const head = { from: nodeId(`node-${from}`), to: nodeId(`node-${to}`), term };
  const clockMs = stage.cluster.nowMs;
  const last = words.place('last');
  switch (kind) {
    case 'vote-request':
    case 'pre-vote-request': {
      const pre = kind.startsWith('pre-');
      return { type: 'vote-request', ...head, pre, lastIndex: last.index, lastTerm: last.term };
    }
    case 'vote-reply':
    case 'pre-vote-reply': {
      const [pre, granted] = [kind.startsWith('pre-'), words.get('granted') === 'yes'];
      return { type: 'vote-reply', ...head, pre, granted, clockMs };
    }
    case 'append': {
      const previous = linkAt(stage, [to, from], words.place('prev'));
      const entries = entriesBehind(previous, words.get('entries'), words);
      const { index: prevIndex, term: prevTerm, hash: prevHash } = previous;
      const [round, commit] = [words.number('round', 0), words.number('commit', 1)];
      return { type: 'append', ...head, round, prevIndex, prevTerm, prevHash, entries, commit };
    }
    case 'append-reply':
      return {
        type: 'append-reply',
        ...head,
        round: words.number('round', 0),
        clockMs: clockMs + words.number('clock', 0),
        answer: answerOf(words),
      };
    case 'acknowledgement': {
      const { index, hash } = linkAt(stage, [from, to], words.place('place'));
      const boot = fromHex(BOOT) ?? new Uint8Array(0);
      const said = { index, hash, clockMs, boot };
      const signature = new Uint8Array(0);
      return { type: 'acknowledgement', ...head, ...said, incarnation: 1, order: 0, signature };
    }
    case 'timeout-now': {
      const target = nodeId(`node-${words.get('target') ?? to}`);
      return { type: 'timeout-now', ...head, target, lastIndex: last.index, lastTerm: last.term };
    }
    default:
      throw new Error(`no message ${kind} can be made up`);
  }
}

function answerOf(words: Words): AppendAnswer {
  const conflict = words.get('conflict');
  if (conflict === undefined) return { refused: undefined, match: words.number('match', 1) };
  const { index: hintIndex, term: hintTerm } = words.place('hint');
  return { refused: 'conflict', prevIndex: Number(conflict), hintIndex, hintTerm };
}

/** That entry in the log of one of these nodes, or one that nobody has. */
function linkAt(
  stage: Stage,
  nodes: readonly string[],
  place: { index: number; term: number },
): Link {
  for (const name of nodes) {
    const node = stage.cluster.nodes.find(({ id }) => id === `node-${name}`);
    const entry = node?.raft.entry(place.index) ?? node?.disk.entries[place.index - 1];
    if (entry?.term === place.term) return entry;
  }
  return { ...place, timeMs: stage.cluster.nowMs, hash: new Uint8Array(32).fill(0xee) };
}

/** `3/2:x,4/2:y`: entries one behind the other. `later=5000`: so many milliseconds later than the one before. */
function entriesBehind(previous: Link, text: string | undefined, words: Words): readonly Entry[] {
  if (text === undefined) return [];
  const laterMs = words.number('later', 0);
  return entriesAfter(
    previous,
    ...text.split(',').map((each, at) => {
      const [place = '', payload = ''] = each.split(':');
      const { index, term } = placeOf(place);
      if (index !== previous.index + 1 + at) throw new Error(`${each} is not next`);
      return { term, text: payload, timeMs: previous.timeMs + laterMs };
    }),
  );
}
