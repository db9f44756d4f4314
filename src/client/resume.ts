import { setTimeout as pause } from 'node:timers/promises';
import type { Millis } from '../common/index.js';
import { pauseAfter } from './call.js';
import { unreachable, withUnreached } from './call-errors.js';
import { errorOf, GrpcFailure, QuorateError } from './errors.js';
import { HELD_MS_MIN, RESUME_MS_MAX } from './limits.js';
import type { NodeLink } from './node-link.js';
import { NodeProblem } from './node-problem.js';
import type { Requests } from './server-stream.js';
import { stopped } from './until.js';

/** How long a stream is followed. */
export type FollowOptions = {
  /** How long it is taken up again and again before it is given up (ms): a minute unless given. */
  readonly resumeMs?: Millis | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** The nodes as all streams and calls of a client see them. */
type StreamedNodes = {
  readonly links: readonly Pick<NodeLink, 'follow' | 'label'>[];
  /** The node that is asked first. */
  first: number;
};

/**
 * The messages of a stream, and of those that take its place when it breaks off: at the next node at once, and after each round of all
 * nodes with a pause.
 *
 * @throws QuorateError when no node goes on in time, for a refusal that is not about this moment, or when the signal is aborted.
 */
export async function* resumed({
  nodes,
  path,
  before,
  begin,
  resumeMs = RESUME_MS_MAX,
  signal,
}: {
  readonly nodes: StreamedNodes;
  readonly path: string;
  /** Is run before each stream. What it throws ends all. */
  readonly before: () => void;
  /** Is run for each stream, with what sends its requests. */
  readonly begin: (requests: Requests) => void;
  readonly resumeMs?: Millis | undefined;
  readonly signal: AbortSignal;
}): AsyncGenerator<Uint8Array, void, undefined> {
  const { links } = nodes;
  const problems = new Map<string, NodeProblem>();
  let failures = 0;
  let failingSinceMs: Millis | undefined;
  for (;;) {
    const at = nodes.first;
    const link = links[at];
    if (link === undefined) throw unreachable(problems, links.length);
    const beganMs = performance.now();
    let isHeard = false;
    try {
      before();
      for await (const message of link.follow({ path, headers: {} }, begin, signal)) {
        isHeard = true;
        yield message;
      }
      return;
    } catch (error) {
      if (signal.aborted) throw stopped(signal);
      const said = refusalOf(error);
      const nowMs = performance.now();
      if (isHeard || nowMs - beganMs >= HELD_MS_MIN) {
        failures = 0;
        failingSinceMs = undefined;
        problems.clear();
      }
      failures += 1;
      failingSinceMs ??= nowMs;
      if (nodes.first === at) nodes.first = (at + 1) % links.length;
      if (error instanceof NodeProblem) problems.set(link.label, error);
      const rounds = failures / links.length;
      const pauseMs = Number.isInteger(rounds) ? pauseAfter(rounds) : 0;
      const waitMs = Math.max(pauseMs, said?.code === 'overloaded' ? retryMsOf(said) : 0);
      const isHopeless =
        problems.size === links.length && [...problems.values()].every((each) => each.permanent);
      if (isHopeless || nowMs + waitMs - failingSinceMs > resumeMs)
        throw said === undefined
          ? unreachable(problems, links.length)
          : withUnreached(said, problems, links.length);
      await pause(waitMs, undefined, { signal }).catch(() => {
        throw stopped(signal);
      });
    }
  }
}

/** A node that has too much to do says when to come again. */
function retryMsOf({ details }: QuorateError): Millis {
  return details.retryAfterMs ?? Infinity;
}

/**
 * The refusal of a node that another one may not share, or this one a little later.
 *
 * @returns `undefined` where no node has said anything.
 * @throws QuorateError for every other end; what is no end of a stream as it is.
 */
function refusalOf(error: unknown): QuorateError | undefined {
  if (error instanceof NodeProblem) return undefined;
  if (!(error instanceof GrpcFailure)) throw error;
  const said = errorOf(error);
  if (said instanceof QuorateError && said.retryable) return said;
  throw said;
}
