import { equal, type PartyIndex } from '../../common/index.js';
import { bodyDigest, codecOf, TO_ALL, type SignedMessage } from '../../mpc/index.js';
import { decode, Echo } from '../../wire/index.js';
import type { ParameterSet } from '../parameter-set.js';
import {
  factorsFault,
  materialFault,
  modulusFault,
  parametersFault,
  type ProverPlace,
} from './checks.js';
import { memberAt, prepareSsid0, type PrepareFacts } from './facts.js';
import {
  PREPARE_KINDS,
  prepareBodies,
  prepareProtocol,
  type OpenBody,
  type PrepareBodies,
} from './messages.js';

/** Faults of messages of `prepare`: no honest member signs such messages. */
export type PrepareReason =
  | 'UNREADABLE_MESSAGE'
  /** Checks a, d, f: commit, open. */
  | 'WRONG_MATERIAL'
  /** Check g: open, parameters. */
  | 'WRONG_PARAMETERS'
  /** Check h: open, prove to all. */
  | 'WRONG_MODULUS_PROOF'
  /** Check i: open, prove to one. */
  | 'WRONG_FACTOR_PROOF'
  /** A proof names what another member did not open, though its prover heard the opening: open-echo, prove, the other's open. */
  | 'WRONG_STATEMENT';

/** A `prepare` as its attempt fixes it, and the accused's place in it. */
export type AccusedOfPrepare = {
  readonly set: ParameterSet;
  readonly facts: PrepareFacts;
  readonly sessionId: Uint8Array;
  /** The session's party index of the accused: 1 .. count. */
  readonly index: PartyIndex;
};

type Bodied = SignedMessage & { readonly body: Uint8Array };

/** The reason that messages are shown for, by their kinds; nothing for messages that show none together. */
export function prepareReason(
  messages: readonly Pick<SignedMessage, 'kind' | 'to'>[],
): PrepareReason | undefined {
  const [first, second, third, more] = messages;
  if (first === undefined || more !== undefined) return undefined;
  if (second === undefined) return 'UNREADABLE_MESSAGE';
  const { commit, open, openEcho, parameters, prove } = PREPARE_KINDS;
  if (third !== undefined) {
    const isView = first.kind === openEcho && second.kind === prove && third.kind === open;
    return isView ? 'WRONG_STATEMENT' : undefined;
  }
  if (first.kind === commit && second.kind === open) return 'WRONG_MATERIAL';
  if (first.kind !== open) return undefined;
  if (second.kind === parameters) return 'WRONG_PARAMETERS';
  if (second.kind !== prove) return undefined;
  return second.to === TO_ALL ? 'WRONG_MODULUS_PROOF' : 'WRONG_FACTOR_PROOF';
}

/**
 * Whether the messages show the fault `reason` of the accused. Each must be signed, in this session, by the party that it names. A
 * fault is the accused's own: its proofs name the statement that they are for, so that no other party's message decides whether
 * they hold. An accusation that shows nothing is the accuser's fault, which signed it. Never throws.
 */
export function judgePrepare(
  { set, facts, sessionId, index }: AccusedOfPrepare,
  reason: PrepareReason,
  messages: readonly SignedMessage[],
): boolean {
  const shown = messages.flatMap(bodied);
  const [first, second, third] = shown;
  const isWhole = shown.length === messages.length && prepareReason(messages) === reason;
  if (first === undefined || !isWhole) return false;
  const count = facts.members.length;
  if (index < 1 || index > count || [first, second].some((each) => each && each.from !== index)) {
    return false;
  }
  if (reason === 'UNREADABLE_MESSAGE') {
    return isUnreadable(set, count, first);
  }
  const isToAll = first.to === TO_ALL && (reason === 'WRONG_FACTOR_PROOF' || second?.to === TO_ALL);
  if (second === undefined || (!isToAll && reason !== 'WRONG_STATEMENT')) return false;
  const bodies = prepareBodies(set, count);
  const ssid0 = prepareSsid0(set, facts, sessionId);
  const place = { ssid0, prover: memberAt(facts, index) };
  if (reason === 'WRONG_STATEMENT') {
    return third !== undefined && namesOther(bodies, count, first, second, third);
  }
  return faultOf({ set, facts, index, place, bodies }, reason, first.body, second) !== undefined;
}

/** Whether a message is of a kind of `prepare`, and spells nothing of it. */
function isUnreadable(set: ParameterSet, count: number, { kind, to, body }: Bodied): boolean {
  const codec = codecOf(prepareProtocol(set, count), kind, to);
  return codec?.decode(body) === undefined && codec !== undefined;
}

type Judged = Pick<AccusedOfPrepare, 'set' | 'facts' | 'index'> & {
  readonly place: ProverPlace;
  readonly bodies: PrepareBodies;
};

/** The check that two messages fail; nothing where one is no message of its round, which is another fault. */
function faultOf(
  { set, facts, index, place, bodies }: Judged,
  reason: Exclude<PrepareReason, 'UNREADABLE_MESSAGE' | 'WRONG_STATEMENT'>,
  first: Uint8Array,
  { to, body }: Bodied,
): string | undefined {
  if (reason === 'WRONG_MATERIAL') {
    const [committed, opened] = [bodies.commit.decode(first), bodies.open.decode(body)];
    return committed && opened && materialFault(set, place, committed, opened);
  }
  const opened = bodies.open.decode(first);
  if (opened === undefined) return undefined;
  switch (reason) {
    case 'WRONG_PARAMETERS': {
      const shown = bodies.parameters.decode(body);
      return shown && parametersFault(set, place, opened, shown);
    }
    case 'WRONG_MODULUS_PROOF': {
      const shown = bodies.prove.decode(body);
      return shown && modulusFault(set, place, opened, shown);
    }
    case 'WRONG_FACTOR_PROOF': {
      const shown = bodies.proveEach.decode(body);
      if (shown === undefined || to < 1 || to > facts.members.length || to === index) return;
      return factorsFault(set, place, memberAt(facts, to), opened, shown);
    }
  }
}

/** Whether a proof names other random bytes, or other bases, than the opening shows which its prover's own echo says it heard. */
function namesOther(
  bodies: PrepareBodies,
  count: number,
  echo: Bodied,
  prove: Bodied,
  other: Bodied,
): boolean {
  const { from, to } = other;
  if (echo.to !== TO_ALL || to !== TO_ALL || from < 1 || from > count) return false;
  const heard = decode(Echo, echo.body)?.heard[from - 1];
  const opened = bodies.open.decode(other.body);
  if (heard === undefined || opened === undefined) return false;
  if (!equal(heard.digest, bodyDigest(other.body))) return false;
  if (prove.to === TO_ALL) {
    const proved = bodies.prove.decode(prove.body);
    return proved !== undefined && !isRidOf(proved.rids, from, opened);
  }
  const proved = bodies.proveEach.decode(prove.body);
  if (proved === undefined) return false;
  const isOfReceiver = prove.to === from;
  return !isRidOf(proved.rids, from, opened) || (isOfReceiver && !areBases(proved, opened));
}

export function isRidOf(
  rids: readonly Uint8Array[],
  from: PartyIndex,
  opened: Pick<OpenBody, 'rid'>,
): boolean {
  const named = rids[from - 1];
  return named !== undefined && equal(named, opened.rid);
}

export function areBases(
  named: Pick<OpenBody, 'Nh' | 's' | 't'>,
  opened: Pick<OpenBody, 'Nh' | 's' | 't'>,
): boolean {
  return (['Nh', 's', 't'] as const).every((name) => equal(named[name], opened[name]));
}

/**
 * Whether one member opened a modulus in two sessions (check e). Both bodies are signed by it, as openings of sessions with other ids:
 * of whichever came later, its primes were not fresh.
 *
 * @param set - Of both sessions' numbers: an opening is spelt alike whatever the number of members.
 */
export function judgeReusedModulus(
  set: ParameterSet,
  [one, other]: readonly [OpeningSaid, OpeningSaid],
): boolean {
  if (equal(one.sessionId, other.sessionId)) return false;
  const { open } = prepareBodies(set, 1);
  const [first = [], second = []] = [one, other].map(({ message: { kind, to, body } }) => {
    const isOpening = kind === PREPARE_KINDS.open && to === TO_ALL && body !== undefined;
    const opened = isOpening ? open.decode(body) : undefined;
    return opened === undefined ? [] : [opened.N, opened.Nh];
  });
  return first.some((modulus) => second.some((each) => equal(each, modulus)));
}

/** An opening, and the session that it was said in. */
export type OpeningSaid = { readonly sessionId: Uint8Array; readonly message: SignedMessage };

/** A message of which more is shown than the digest. */
function bodied(message: SignedMessage): readonly Bodied[] {
  const { body } = message;
  return body === undefined ? [] : [{ ...message, body }];
}
