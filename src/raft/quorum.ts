import { assert } from '../common/index.js';
import type { NodeId } from '../common/index.js';

/** The smallest count of which any two sets share a member. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** The highest value that a majority has reached; one value for each voter. */
export function reachedByMajority(values: readonly number[]): number {
  const descending = values.toSorted((a, b) => b - a);
  const reached = descending[majorityOf(values.length) - 1];
  assert(reached !== undefined, 'a majority of no voters');
  return reached;
}

/** The answers of voters to a candidate. The first answer of each voter counts. */
export type Ballot = Map<NodeId, boolean>;

/** How an election stands: Raft §5.2, one vote for each voter and a majority of all. */
export function outcome(ballot: Ballot, voterCount: number): 'won' | 'lost' | 'pending' {
  let granted = 0;
  for (const vote of ballot.values()) if (vote) granted += 1;
  const refused = ballot.size - granted;
  if (granted >= majorityOf(voterCount)) return 'won';
  return voterCount - refused < majorityOf(voterCount) ? 'lost' : 'pending';
}
