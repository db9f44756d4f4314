import { algorithmJobs, boundJobs, combineSessionJob } from '../algorithms/index.js';
import type { AnyJob, AlgorithmContext } from '../algorithms/index.js';
import { equal } from '../common/index.js';
import type { PartyIndex } from '../common/index.js';
import { envelopeBytes, TO_ALL, verifiedBody } from '../mpc/index.js';
import type { Job, Jobs, Verify } from '../ports/index.js';
import { EVIDENCE_ITEMS_MAX } from '../state/index.js';
import type { KindTable } from '../state/index.js';
import { Complaint, decode, Evidence } from '../wire/index.js';
import type { Envelope, SignedBody, Transcript } from '../wire/index.js';
import { accusedSession } from './accused-attempt.js';
import { essentialEvidence, judgeEvidence } from './judge-evidence.js';
import type { Culprit } from './judge-evidence.js';
import type { JudgedCluster, JudgeTable } from './kind-judge.js';
import { KIND_JUDGES } from './kind-judges.js';

/** The context of a thread that judges. */
export type JudgingJobContext = AlgorithmContext & {
  readonly verify: Pick<Verify, 'identity'>;
  /** The kinds of task whose requests and messages it knows: those of this build where absent. */
  readonly kinds?: { readonly rules: KindTable; readonly judges: JudgeTable } | undefined;
};

export type JudgeEvidenceInput = {
  readonly cluster: JudgedCluster;
  readonly evidence: Uint8Array;
};

/** {@link judgeEvidence}: up to twenty points for one piece of evidence, so each is a job of its own. */
export const judgeEvidenceJob: Job<JudgeEvidenceInput, Culprit | undefined, JudgingJobContext> = {
  name: 'blame/judge-evidence',
  lane: 'peers',
  compute: ({ cluster, evidence }, { schemes, gg20, verify, kinds }) =>
    judgeEvidence({ genesis: cluster, schemes, gg20, verify, kinds }, evidence),
};

/** {@link essentialEvidence}: the proofs of a signing session's messages, once each. */
export const essentialEvidenceJob: Job<
  JudgeEvidenceInput,
  Uint8Array | undefined,
  JudgingJobContext
> = {
  name: 'blame/essential-evidence',
  lane: 'peers',
  compute: ({ cluster, evidence }, { schemes, gg20, verify, kinds }) =>
    essentialEvidence({ genesis: cluster, schemes, gg20, verify, kinds }, evidence),
};

export type ReadComplaintInput = {
  readonly cluster: JudgedCluster;
  readonly sessionId: Uint8Array;
  /** Of the node that complains. */
  readonly identityKey: Uint8Array;
  readonly envelope: Envelope;
  /** The kind of the session's task. */
  readonly kind: string;
  /** The identity keys of the session's participants, in order of party index. */
  readonly participantKeys: readonly Uint8Array[];
};

/** A piece of evidence about the session, not judged yet, and the node that it accuses. */
export type ShownEvidence = {
  readonly about: string;
  /** The fault that it claims. */
  readonly reason: string;
  readonly evidence: Uint8Array;
};

/** A message of the session that its sender has signed. */
export type SaidMessage = {
  readonly kind: string;
  readonly from: PartyIndex;
  readonly said: SignedBody;
};

export type ReadComplaint =
  | { readonly $case: 'evidence'; readonly items: readonly ShownEvidence[] }
  | { readonly $case: 'transcript'; readonly messages: readonly SaidMessage[] };

/**
 * Reads a complaint that its sender has signed, and leaves out what is about another session or what no participant signed;
 * `undefined` for any other bytes. No curve arithmetic beyond signatures.
 */
export const readComplaintJob: Job<
  ReadComplaintInput,
  ReadComplaint | undefined,
  JudgingJobContext
> = {
  name: 'blame/read-complaint',
  lane: 'peers',
  compute(input, { verify, kinds }) {
    const judges: JudgeTable = kinds?.judges ?? KIND_JUDGES;
    const rounds = Object.hasOwn(judges, input.kind) ? judges[input.kind]?.transcript : undefined;
    const body = verifiedBody(verify, input.identityKey, input.envelope);
    const shown = body && decode(Complaint, body)?.shown;
    switch (shown?.$case) {
      case 'evidence':
        return { $case: 'evidence', items: aboutSession(input, shown.value.items) };
      case 'transcript':
        if (rounds === undefined) return undefined;
        return { $case: 'transcript', messages: signedIn(input, rounds, shown.value, verify) };
      case undefined:
        return undefined;
    }
  },
};

function aboutSession(
  { cluster, sessionId }: ReadComplaintInput,
  items: readonly Uint8Array[],
): readonly ShownEvidence[] {
  return items.slice(0, EVIDENCE_ITEMS_MAX).flatMap((bytes) => {
    const read = decode(Evidence, bytes);
    const session = read && accusedSession(read, cluster.clusterId);
    if (read === undefined || session === undefined || !equal(session, sessionId)) return [];
    return [{ about: read.nodeId, reason: read.reason, evidence: bytes }];
  });
}

function signedIn(
  { sessionId, participantKeys }: ReadComplaintInput,
  rounds: { readonly commit: string; readonly open: string },
  { commitments, openings }: Transcript,
  verify: Pick<Verify, 'identity'>,
): readonly SaidMessage[] {
  return participantKeys.flatMap((identityKey, at) => {
    const from = at + 1;
    const shown = [
      [rounds.commit, commitments[at]],
      [rounds.open, openings[at]],
    ] as const;
    return shown.flatMap(([kind, said]) => {
      if (said === undefined) return [];
      const bytes = envelopeBytes(sessionId, kind, from, TO_ALL, said.body);
      return verify.identity(identityKey, bytes, said.signature) ? [{ kind, from, said }] : [];
    });
  });
}

const JUDGING: readonly AnyJob<JudgingJobContext>[] = [
  judgeEvidenceJob,
  essentialEvidenceJob,
  readComplaintJob,
  // Its context has the verifier of identities, as that of judgements.
  combineSessionJob,
];

/** All that a node computes behind the port, on its own thread or in a worker. */
export function nodeJobs(context: JudgingJobContext): Jobs {
  return new Map([...algorithmJobs(context), ...boundJobs(JUDGING, context)]);
}
