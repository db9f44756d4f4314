import { short, type Facts } from './checkers/facts.js';

/**
 * Whether honest nodes can come to one log without the malicious one. They cannot once two of them have been told
 * different entries of one index and term, or one has committed what another contradicts: neither is ever given up.
 */
export function isMendable(facts: Facts): boolean {
  const logs = facts.nodes.map((node) => ({
    entries: facts.disk(node).entries,
    commit: Math.max(facts.disk(node).applied, facts.status(node)?.commit ?? 0),
  }));
  return logs.every((one) =>
    logs.every((other) =>
      one.entries.every((entry, at) => {
        const theirs = other.entries[at];
        if (theirs === undefined || short(theirs.hash) === short(entry.hash)) return true;
        return theirs.term !== entry.term && at >= one.commit;
      }),
    ),
  );
}
