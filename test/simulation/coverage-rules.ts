import type { Cell, Kind, Role } from './coverage.js';

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
    reason: 'a candidate has voted for itself, and entering its term dropped what it had promised',
    covers: (cell) => (isOf('vote granted')(cell) || promises(cell)) && sentBy('candidate')(cell),
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

/** The usual senders; others have changed their role while a write kept back what they had to say. */
const USUAL: Readonly<Partial<Record<Kind, readonly Role[]>>> = {
  'vote request': ['candidate'],
  'vote granted': ['follower'],
  'vote refused': ['follower', 'candidate'],
  'pre-vote granted': ['follower', 'precandidate'],
  'pre-vote refused': ['follower', 'precandidate', 'candidate'],
  'append matched': ['follower'],
  'append refused for time': ['follower'],
  'append in conflict': ['follower'],
  'read request': ['follower'],
  'read refused': ['follower'],
};

/** What happens too rarely to be waited for. */
export const RARE: readonly Rule[] = [
  {
    reason: 'its sender is no longer, or not yet, what such senders are',
    covers: ({ kind, sender }) => USUAL[kind]?.includes(sender) === false,
  },
  {
    reason: 'it comes a whole term too late, when its receiver stands for election or leads',
    covers: ({ relation, receiver }) => relation === 'lower' && receiver !== 'follower',
  },
  {
    reason: 'its sender was cut off and went on to a later term, which pre-votes prevent',
    covers: (cell) =>
      cell.relation === 'higher' &&
      isOf(
        'pre-vote refused',
        'vote refused',
        'append in conflict',
        'read refused',
        'append',
        'heartbeat',
        'pre-vote granted',
      )(cell) &&
      !(ofLeaders(cell) && cell.receiver === 'follower') &&
      !(isOf('pre-vote granted')(cell) && cell.receiver === 'precandidate') &&
      !(isOf('pre-vote refused')(cell) && cell.receiver === 'precandidate'),
  },
  {
    reason: 'its receiver has given up in the same term, after it has asked or led',
    covers: (cell) =>
      cell.relation === 'equal' &&
      ((isOf('vote granted', 'append refused for time')(cell) &&
        (cell.receiver === 'follower' || cell.receiver === 'precandidate')) ||
        (isOf('vote refused', 'append in conflict', 'read index')(cell) &&
          (cell.receiver === 'precandidate' || cell.receiver === 'candidate')) ||
        (isOf('read refused')(cell) &&
          (cell.receiver === 'candidate' || cell.receiver === 'leader')) ||
        (isOf('append', 'heartbeat')(cell) && cell.receiver === 'candidate')),
  },
];
