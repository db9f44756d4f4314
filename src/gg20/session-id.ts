import { utf8, type PartyIndex } from '../common/index.js';
import { bytesItem, listItem, textItem, u16Item, u32Item, type Item } from '../wire/index.js';
import type { ParameterSet } from './parameter-set.js';
import { gg20Transcript, gg20Xof } from './transcript.js';

/** Of `base`: raised with every change of what is sent or hashed. */
const PROTOCOL_VERSION = 1;

export type Gg20Protocol = 'prepare' | 'presign' | 'sign' | 'reshare';

/** One participant, as the session's id names it. */
export type SessionMember = {
  readonly index: PartyIndex;
  readonly nodeId: string;
  /** 32 bytes. */
  readonly identityKey: Uint8Array;
};

/** All that a session is for. Two sessions that differ in anything of it share no message and no proof. */
export type SessionFacts = {
  readonly set: ParameterSet;
  readonly protocol: Gg20Protocol;
  readonly keyId: string;
  readonly version: number;
  readonly attempt: number;
  readonly threshold: number;
  /** In order of index. */
  readonly members: readonly SessionMember[];
  /** The public key encoded; empty in prepare. */
  readonly publicKey: Uint8Array;
  /** Ascending; empty in prepare. */
  readonly signers: readonly PartyIndex[];
  /** The participant set and its generation; auxDigest is empty in prepare. */
  readonly setId: Uint8Array;
  readonly generation: number;
  readonly auxDigest: Uint8Array;
  /** Items that the protocol is bound to besides. */
  readonly bind: readonly Item[];
};

function memberItem({ index, nodeId, identityKey }: SessionMember): Item {
  return listItem([u16Item(index), textItem(nodeId), bytesItem(identityKey)]);
}

/** T("base", …): what a session is bound to. */
export function sessionBase(facts: SessionFacts): Uint8Array {
  const { curve, profile } = facts.set;
  return gg20Transcript('base', [
    u16Item(PROTOCOL_VERSION),
    textItem(curve.name),
    textItem(profile.name),
    textItem(facts.protocol),
    textItem(facts.keyId),
    u32Item(facts.version),
    u32Item(facts.attempt),
    u16Item(facts.threshold),
    u16Item(facts.members.length),
    listItem(facts.members.map(memberItem)),
    bytesItem(facts.publicKey),
    listItem(facts.signers.map(u16Item)),
    bytesItem(facts.setId),
    u32Item(facts.generation),
    bytesItem(facts.auxDigest),
    listItem(facts.bind),
  ]);
}

/** ssid0 = XOF("ssid0", [cluster id, hash of the attempt's entry, base], 32): no two attempts of any fork share it. */
export function ssid0Of(clusterId: string, entryHash: Uint8Array, base: Uint8Array): Uint8Array {
  const items = [bytesItem(utf8(clusterId)), bytesItem(entryHash), bytesItem(base)];
  return gg20Xof('ssid0', items, 32);
}

/** ssid = XOF("ssid/mixed", [ssid0, rid_1 .. rid_n in order of index], 32). */
export function mixedSsid(ssid0: Uint8Array, rids: readonly Uint8Array[]): Uint8Array {
  return gg20Xof('ssid/mixed', [ssid0, ...rids].map(bytesItem), 32);
}

/** echo_R = XOF("echo", [ssid0, R, for each sender in order: (i, XOF("body", [body], 32))], 32). */
export function echoOf(
  ssid0: Uint8Array,
  round: number,
  bodies: ReadonlyMap<PartyIndex, Uint8Array>,
): Uint8Array {
  const heard = [...bodies]
    .sort(([a], [b]) => a - b)
    .map(([i, body]) => {
      const digest = gg20Xof('body', [bytesItem(body)], 32);
      return listItem([u16Item(i), bytesItem(digest)]);
    });
  return gg20Xof('echo', [bytesItem(ssid0), u16Item(round), ...heard], 32);
}

/** The numbers of a presignature's rounds that have a broadcast which is echoed. */
export const BROADCAST_ROUNDS: readonly number[] = [1, 3, 4, 5, 6];

/** h = XOF("p2p", [ssid0, R, i, j, body], 32): a private message, as its sender's next broadcast names it. */
export function privateHash(
  ssid0: Uint8Array,
  round: number,
  from: PartyIndex,
  to: PartyIndex,
  body: Uint8Array,
): Uint8Array {
  const place = [bytesItem(ssid0), u16Item(round), u16Item(from), u16Item(to)];
  return gg20Xof('p2p', [...place, bytesItem(body)], 32);
}

/** C = XOF("commit/<what>", [ssid0, i, payload, salt], 32). */
export function commitmentOf(
  what: string,
  ssid0: Uint8Array,
  i: PartyIndex,
  payload: Uint8Array,
  salt: Uint8Array,
): Uint8Array {
  const items = [bytesItem(ssid0), u16Item(i), bytesItem(payload), bytesItem(salt)];
  return gg20Xof(`commit/${what}`, items, 32);
}
