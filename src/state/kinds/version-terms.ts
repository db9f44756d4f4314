import type { KeyParticipant } from '../../wire/index.js';

/** The part of the base sharing that a new version's participants and threshold follow from, where the request does not name them. */
export type BaseTerms = {
  readonly threshold: number;
  readonly participants: readonly Pick<KeyParticipant, 'nodeId'>[];
};

/** The threshold of a new version, and the nodes that are to hold a share of it, in order of index. */
export type VersionTerms = { readonly threshold: number; readonly receivers: readonly string[] };

/** The terms that a request and the base give. A judge knows no state, and the base by the accused's own word for it. */
export function versionTermsOf(
  asked:
    | {
        readonly kind: 'reshare';
        readonly threshold: number;
        /** Sorted bytewise; empty for those of the base. */
        readonly participants: readonly string[];
      }
    | { readonly kind: 'refresh'; readonly culprit: { readonly nodeId: string } | undefined },
  base: BaseTerms,
): VersionTerms {
  const namesOf = (all: BaseTerms['participants']): readonly string[] =>
    all.map(({ nodeId }) => nodeId);
  if (asked.kind === 'refresh') {
    const receivers = namesOf(withoutCulprit(base, asked.culprit?.nodeId));
    return { threshold: base.threshold, receivers };
  }
  const { threshold, participants } = asked;
  return {
    threshold: threshold === 0 ? base.threshold : threshold,
    receivers: participants.length === 0 ? namesOf(base.participants) : participants,
  };
}

/** All but the culprit, where one of the others may then fail and the key still sign; else all. */
export function withoutCulprit<P extends { readonly nodeId: string }>(
  { participants, threshold }: { readonly participants: readonly P[]; readonly threshold: number },
  culprit: string | undefined,
): readonly P[] {
  const others = participants.filter((each) => each.nodeId !== culprit);
  return others.length > threshold ? others : participants;
}
