import type { Millis, NodeId, SessionId } from '../../common/index.js';
import { ATTEMPTS_MAX } from '../../state/index.js';
import { DECLINED_WAIT_MS } from '../limits.js';

/** The leader's plan for one open task, with its times. Times are of the clock that does not jump. */
export type Plan = {
  /** Attempts that are applied. */
  attempts: number;
  /** When each attempt was applied, the first first; of those that an earlier leader opened, when this plan was made. */
  readonly attemptedMs: Millis[];
  /** When the next attempt is due, if nothing happens before. */
  dueMs: Millis;
  /** The wait after the next attempt. */
  delayMs: Millis;
  /** Whether something happened for which the newest attempt cannot end. */
  hurried: boolean;
  /**
   * Whether a proposal for this task is on its way. A leader's log keeps what it appended for as long as it leads (Raft,
   * figure 3, Leader Append-Only), and the next term begins with new plans: it is never proposed again.
   */
  proposed: boolean;
  /** The version of the task's key for which that holds: an attempt of an earlier one is void when it comes to be applied. */
  keyVersion: number | undefined;
  /** Attempts that have all contributions and that another node is to combine, since when and until when. */
  readonly left: Map<SessionId, { readonly sinceMs: Millis; untilMs: Millis }>;
  /** Attempts that were to be combined before the task is given up or another attempt opened: each once. */
  readonly lastTried: Set<SessionId>;
  /** Refusals that were taken into account: session and node. They are sent again and again. */
  readonly heard: Set<string>;
  /** Contributions whose time was taken: session and node. */
  readonly contributed: Set<string>;
  /** Nodes whose run changed, or whose nonce was gone, once. */
  readonly excused: Set<NodeId>;
  /** Nodes that take part in later attempts only where the others are too few. */
  readonly leftOut: Set<NodeId>;
  /** Since when an attempt is due and those that are not left out have too few supplies for it. */
  emptySinceMs: Millis | undefined;
  /** A reason for which no further attempt can help. */
  hopeless: string | undefined;
};

export type Step =
  | { readonly kind: 'wait' }
  | { readonly kind: 'attempt' }
  | { readonly kind: 'fail'; readonly reason: string };

/** The plan for a task as it is found: the delays begin anew, regardless of an earlier leader's. */
export function newPlan(attempts: number, delayMs: Millis, now: Millis): Plan {
  return {
    attempts,
    attemptedMs: Array.from({ length: attempts }, () => now),
    dueMs: attempts === 0 ? now : now + delayMs,
    delayMs: attempts === 0 ? delayMs : delayMs * 2,
    hurried: false,
    proposed: false,
    keyVersion: undefined,
    left: new Map(),
    lastTried: new Set(),
    heard: new Set(),
    contributed: new Set(),
    excused: new Set(),
    leftOut: new Set(),
    emptySinceMs: undefined,
    hopeless: undefined,
  };
}

/** Notes that attempts were applied. */
export function attempted(plan: Plan, attempts: number, now: Millis): void {
  if (attempts <= plan.attempts) return;
  while (plan.attemptedMs.length < attempts) plan.attemptedMs.push(now);
  plan.attempts = attempts;
  plan.hurried = false;
  plan.proposed = false;
  plan.emptySinceMs = undefined;
  plan.dueMs = now + plan.delayMs;
  plan.delayMs *= 2;
}

/** Notes the version that the task's key has: what was proposed for another one comes to nothing. */
export function keyIsOf(plan: Plan, version: number | undefined): void {
  if (version === plan.keyVersion) return;
  plan.keyVersion = version;
  plan.proposed = false;
}

/** The step that is due now. */
export function nextStep(plan: Plan, now: Millis, expired: boolean): Step {
  if (plan.proposed) return { kind: 'wait' };
  if (plan.hopeless !== undefined) return { kind: 'fail', reason: plan.hopeless };
  if (expired) return { kind: 'fail', reason: 'REQUEST_EXPIRED' };
  if (now < plan.dueMs) return { kind: 'wait' };
  return plan.attempts >= ATTEMPTS_MAX
    ? { kind: 'fail', reason: 'ATTEMPTS_EXHAUSTED' }
    : { kind: 'attempt' };
}

/**
 * Takes a participant's refusal into account: its attempt cannot end, so the next one is due at once. A changed run or
 * a lost nonce is excused once per node; after that, and after any other refusal, the node is left out where it can be.
 * A node that refuses again could not be: what it lacks, such as its share store, may come back, so the next attempt is
 * due after a wait that doubles with each, which is far shorter than the time that an attempt has to end.
 */
export function declined(plan: Plan, node: NodeId, reason: string, now: Millis): void {
  const harmless = reason === 'boot-changed' || reason === 'nonce-gone';
  if (harmless && !plan.excused.has(node)) {
    plan.excused.add(node);
    hurry(plan, now);
    return;
  }
  if (!plan.leftOut.has(node)) leaveOut(plan, node, now);
  else hurry(plan, now + DECLINED_WAIT_MS * 2 ** plan.attempts);
}

/** Leaves out a node whose contribution failed a check, and goes on at once; again for the same node, nothing. */
export function leaveOut(plan: Plan, node: NodeId, now: Millis): void {
  if (plan.leftOut.has(node)) return;
  plan.leftOut.add(node);
  hurry(plan, now);
}

/** Makes the next attempt due then, at the latest. After the last there is none, and what is under way may still succeed. */
export function hurry(plan: Plan, at: Millis): void {
  if (plan.attempts >= ATTEMPTS_MAX) return;
  plan.hurried = true;
  plan.dueMs = Math.min(plan.dueMs, at);
}

/**
 * The nodes that may take part in the next attempt, the most promising first, and nodes with a share overdue behind
 * those without. Nodes that are left out come in only where the others are too few: not connected, or `short` of
 * supplies.
 */
export function candidates(
  plan: Plan,
  able: readonly NodeId[],
  threshold: number,
  overdue: ReadonlySet<NodeId>,
  short: boolean,
): { readonly first: readonly NodeId[]; readonly lastResort: readonly NodeId[] } {
  const rest = able.filter((node) => !plan.leftOut.has(node));
  const out = able.filter((node) => plan.leftOut.has(node));
  const needed = short || rest.length < threshold ? out : [];
  return {
    first: rest.filter((node) => !overdue.has(node)),
    lastResort: [...rest.filter((node) => overdue.has(node)), ...needed],
  };
}
