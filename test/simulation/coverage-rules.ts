import { CELLS, nameOf, type Cell, type Kind, type Role } from './coverage.js';

/** Cells for which there is a reason not to wait. */
export type Rule = { readonly reason: string; covers(cell: Cell): boolean };

const isOf =
  (...kinds: readonly Kind[]) =>
  ({ kind }: Cell): boolean =>
    kinds.includes(kind);
const sentBy =
  (...roles: readonly Role[]) =>
  ({ sender }: Cell): boolean =>
    roles.includes(sender);

const ofLeaders = isOf('heartbeat', 'append', 'read index');
const promises = isOf('append matched', 'append refused for time');
const answersToOwnTerm = isOf(
  'append matched',
  'append refused for time',
  'vote granted',
  'read request',
  'read index',
);

/** What cannot happen: if it does, the reason is wrong. */
export const IMPOSSIBLE: readonly Rule[] = [
  {
    reason: 'only a leader says it, and at once',
    covers: (cell) => ofLeaders(cell) && cell.sender !== 'leader',
  },
  {
    reason: 'it leaves in the step that makes its sender a precandidate',
    covers: (cell) => isOf('pre-vote request')(cell) && cell.sender !== 'precandidate',
  },
  {
    reason: 'all requests have left before an answer can make their sender a leader',
    covers: (cell) => isOf('vote request')(cell) && cell.sender === 'leader',
  },
  {
    reason: 'a leader grants nothing',
    covers: (cell) => isOf('pre-vote granted', 'vote granted')(cell) && cell.sender === 'leader',
  },
  {
    reason: 'a leader acknowledges nobody’s entries',
    covers: (cell) => promises(cell) && sentBy('leader')(cell),
  },
  {
    reason: 'only who follows a leader asks it, in the step in which it gives up at the latest',
    covers: (cell) => isOf('read request')(cell) && sentBy('candidate', 'leader')(cell),
  },
  {
    reason: 'who takes it has been in its term before, durably',
    covers: (cell) => answersToOwnTerm(cell) && cell.relation === 'higher',
  },
  {
    reason: 'a term has one leader',
    covers: (cell) => ofLeaders(cell) && cell.relation === 'equal' && cell.receiver === 'leader',
  },
  {
    reason: 'who enters a term as a candidate has neither led nor followed in it before',
    covers: (cell) =>
      isOf('append matched', 'append refused for time', 'read request', 'read index')(cell) &&
      cell.relation === 'equal' &&
      cell.receiver === 'candidate',
  },
  {
    reason: 'it names the term that its receiver wanted to enter, and has entered by then',
    covers: (cell) =>
      isOf('pre-vote granted')(cell) &&
      cell.relation === 'higher' &&
      (cell.receiver === 'candidate' || cell.receiver === 'leader'),
  },
];

const refusals = isOf('pre-vote refused', 'vote refused', 'append in conflict', 'read refused');
const at =
  (...roles: readonly Role[]) =>
  ({ receiver }: Cell): boolean =>
    roles.includes(receiver);

const acknowledgement = isOf('acknowledgement');

/** What can happen, and comes up too rarely to be waited for, though elections never end. */
export const RARE: readonly Rule[] = [
  {
    reason: 'a write kept it back until its sender was something else, and few writes last so long',
    covers: (cell) =>
      (isOf('vote request')(cell) && sentBy('follower', 'precandidate')(cell)) ||
      (isOf('vote granted')(cell) && sentBy('candidate')(cell)) ||
      (promises(cell) && sentBy('precandidate', 'candidate')(cell)),
  },
  {
    reason: 'few entries are refused for their time, and fewer of these answers come late',
    covers: (cell) =>
      isOf('append refused for time')(cell) && !(cell.relation === 'equal' && at('leader')(cell)),
  },
  {
    reason:
      'a leader, or who wants to be one, refuses what a follower asked that is not up to date',
    covers: (cell) =>
      (refusals(cell) && sentBy('leader')(cell) && !isAtFollowerOfTerm(cell)) ||
      (isOf('append in conflict', 'read refused')(cell) &&
        sentBy('precandidate', 'candidate')(cell) &&
        !isAtFollowerOfTerm(cell)),
  },
  {
    reason: 'its sender went on to a later term alone, which pre-votes prevent',
    covers: (cell) =>
      refusals(cell) &&
      cell.relation === 'higher' &&
      !(isOf('pre-vote refused')(cell) && at('follower', 'precandidate')(cell)),
  },
  {
    reason: 'two stand in one term, or in two that follow each other, and one of them wins at once',
    covers: (cell) =>
      isOf('heartbeat', 'append')(cell) && at('candidate')(cell) && cell.relation !== 'lower',
  },
  {
    reason: 'one who stands answers another, so late that the other has gone on to the next term',
    covers: (cell) =>
      isOf('pre-vote granted', 'vote granted', 'vote refused')(cell) &&
      sentBy('precandidate', 'candidate')(cell) &&
      cell.relation === 'lower' &&
      at('precandidate', 'leader')(cell),
  },
  {
    reason: 'who asked for an index has given up following in the meantime',
    covers: (cell) =>
      (isOf('read index')(cell) && !at('follower')(cell)) ||
      (isOf('read refused')(cell) &&
        cell.relation === 'equal' &&
        at('candidate', 'leader')(cell)) ||
      (isOf('read request')(cell) && sentBy('precandidate')(cell)),
  },
  {
    reason: 'its sender has gone on to the next term in the event in which it repeated it',
    covers: (cell) =>
      acknowledgement(cell) &&
      (cell.sender === 'candidate' ||
        (cell.sender === 'leader' && cell.relation === 'equal' && cell.receiver === 'leader')),
  },
  {
    reason: 'one stands in a term that already has a leader, or in one before it, or repeats late',
    covers: (cell) => acknowledgement(cell) && at('candidate')(cell) && cell.relation !== 'lower',
  },
  {
    reason: 'it goes to a leader only when it is repeated, and its sender has given that leader up',
    covers: (cell) => acknowledgement(cell) && sentBy('precandidate')(cell) && at('leader')(cell),
  },
  {
    reason: 'a leader was deposed and stands again in the very term of who refused its append',
    covers: (cell) =>
      isOf('append in conflict')(cell) && cell.relation === 'equal' && at('candidate')(cell),
  },
];

function isAtFollowerOfTerm({ relation, receiver }: Cell): boolean {
  return relation === 'equal' && receiver === 'follower';
}

/** What a count of cells comes to. */
export type Covered = {
  /** Cells that must come up, and did not. */
  readonly missing: readonly string[];
  /** Cells that cannot come up, and did. */
  readonly refuted: readonly string[];
  readonly demanded: number;
  readonly impossible: number;
  readonly rare: number;
  /** Of the rare ones: those that came up. */
  readonly rareSeen: number;
};

/** Compares what came up with what must and what cannot. */
export function judgeCoverage(counts: Readonly<Record<string, number>>): Covered {
  const seen = (cell: Cell): boolean => (counts[nameOf(cell)] ?? 0) > 0;
  const impossible = CELLS.filter((cell) => IMPOSSIBLE.some((rule) => rule.covers(cell)));
  const possible = CELLS.filter((cell) => !impossible.includes(cell));
  const rare = possible.filter((cell) => RARE.some((rule) => rule.covers(cell)));
  const demanded = possible.filter((cell) => !rare.includes(cell));
  return {
    missing: demanded.filter((cell) => !seen(cell)).map(nameOf),
    refuted: impossible.filter(seen).map(nameOf),
    demanded: demanded.length,
    impossible: impossible.length,
    rare: rare.length,
    rareSeen: rare.filter(seen).length,
  };
}
