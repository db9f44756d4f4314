import type { Millis } from '../common/index.js';
import { QuorateError, UNREACHABLE } from './errors.js';
import { durationOf } from './node-problem.js';
import type { NodeProblem } from './node-problem.js';

/** The nodes that a call did not reach: each by its label, with its problem. */
export type Unreached = ReadonlyMap<string, NodeProblem>;

/** The error of a call to which no node gave an answer. */
export function unreachable(unreached: Unreached, nodes: number): QuorateError {
  const problems = [...unreached.values()];
  const untrusted = problems.length > 0 && problems.every(({ kind }) => kind === 'untrusted');
  const words = nodes === 1 ? listOf(unreached) : summaryOf(unreached, nodes);
  return new QuorateError(untrusted ? 'unauthenticated' : 'no-quorum', words, {
    reason: untrusted ? 'SERVER_UNTRUSTED' : UNREACHABLE,
    facts: factsOf(unreached, nodes),
    cause: problems[0],
  });
}

/** The last refusal of a node, and the nodes that were not reached. */
export function withUnreached(
  said: QuorateError,
  unreached: Unreached,
  nodes: number,
): QuorateError {
  if (unreached.size === 0) return said;
  return new QuorateError(said.code, `${said.message}; ${summaryOf(unreached, nodes)}`, {
    ...said.details,
    reason: said.reason,
    facts: { ...said.facts, ...factsOf(unreached, nodes) },
    cause: said,
  });
}

/** The error of a call whose time ended while nodes worked on it. */
export function tooLate(
  asked: readonly string[],
  totalMs: Millis,
  unreached: Unreached,
  nodes: number,
): QuorateError {
  const words = `${asked.join(' and ')} did not answer in ${durationOf(totalMs)}`;
  return withUnreached(new QuorateError('deadline', words), unreached, nodes);
}

/** The error of a call that its node had no answer to when its time ended. */
export function noResult(label: string, totalMs: Millis, said: QuorateError): QuorateError {
  const words = `${label} had no result in ${durationOf(totalMs)}`;
  return new QuorateError(said.code, words, {
    ...said.details,
    reason: said.reason,
    facts: said.facts,
    cause: said,
  });
}

function summaryOf(unreached: Unreached, nodes: number): string {
  return `${nodes - unreached.size} of ${nodes} nodes reachable: ${listOf(unreached)}`;
}

function listOf(unreached: Unreached): string {
  return [...unreached].map(([label, { message }]) => `${label} ${message}`).join(', ');
}

function factsOf(unreached: Unreached, nodes: number): Record<string, string> {
  return {
    nodes: String(nodes),
    reachable: String(nodes - unreached.size),
    unreachable: listOf(unreached),
  };
}
