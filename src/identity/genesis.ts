import { clusterId, compareText, fromHex, isId, nodeId, toHex, utf8 } from '../common/index.js';
import type { ClusterId, Millis, NodeId } from '../common/index.js';
import { sha256 } from '../crypto/index.js';
import { LEVEL_MAX } from '../wire/index.js';
import { LIMIT_CEILINGS } from './limits.js';
import type { Limits } from './limits.js';
import { fields, flag, integer, list, parseStrictJson, refuse, text } from './strict-json.js';
import type { Place } from './strict-json.js';

/** One node of the cluster as it begins. */
export type GenesisMember = {
  readonly nodeId: NodeId;
  readonly role: 'tee' | 'mesh';
  /** Ed25519, 32 bytes. */
  readonly identityKey: Uint8Array;
};

/** The contents of `cluster.json`. */
export type GenesisFields = {
  /** The feature level at which the cluster begins. */
  readonly level: number;
  readonly createdMs: Millis;
  readonly members: readonly GenesisMember[];
  /** PEM bundle: the authorities that may issue certificates to nodes. */
  readonly peerCa: string;
  /** PEM bundle: the authorities that may issue certificates to requesters. */
  readonly requesterCa: string;
  /** Whether requests that only mutual TLS authenticates are taken, vouched for by their entry node. */
  readonly unsigned: boolean;
  /** Whether operators sign with every key, also with those that are not theirs and do not name them. Absent for no. */
  readonly operatorsSign?: boolean;
  readonly limits: Limits;
};

/** The file `cluster.json`, parsed: first members, trust anchors, limits. */
export type Genesis = GenesisFields & {
  /** The file itself: the payload of the log's first entry. */
  readonly bytes: Uint8Array;
  /** The first 16 bytes of the file's SHA-256, as 32 hex characters. */
  readonly clusterId: ClusterId;
};

/** Nodes that vote and hold shares; the most that a protocol between all of them tolerates. */
const TEE_MEMBERS_MAX = 20;
const MEMBERS_MAX = 64;
const FILE_BYTES_MAX = 256 * 1024;
const FORMAT = 1;
const IDENTITY_KEY_BYTES = 32;
const CLUSTER_ID_BYTES = 16;
/** The last millisecond that a Date can name. */
const TIME_MAX_MS = 8_640_000_000_000_000;

/** One or more certificates in PEM (RFC 7468), nothing else between them. What they say is for TLS to judge. */
const PEM_BUNDLE =
  /^(-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/]{1,76}={0,2}\n)+-----END CERTIFICATE-----\n*)+$/;

/**
 * Reads `cluster.json`, strictly: fields that are unknown, missing, twice there or of another type are refused.
 *
 * @throws ClusterError `invalid-request` with the field, for example `members[2].identity_key`.
 */
export function parseGenesis(bytes: Uint8Array): Genesis {
  if (bytes.length > FILE_BYTES_MAX) refuse('', `The genesis is over ${FILE_BYTES_MAX} bytes`);
  const file = fields(
    parseStrictJson(bytes),
    ['format', 'level', 'created_ms', 'members', 'peer_ca', 'requester_ca', 'unsigned', 'limits'],
    ['operators_sign'],
  );
  integer(file.format, FORMAT, FORMAT);
  const copy = Uint8Array.from(bytes);
  return {
    bytes: copy,
    clusterId: clusterId(toHex(sha256(copy).subarray(0, CLUSTER_ID_BYTES))),
    level: integer(file.level, 1, LEVEL_MAX),
    createdMs: integer(file.created_ms, 0, TIME_MAX_MS),
    members: parseMembers(file.members),
    peerCa: parseBundle(file.peer_ca),
    requesterCa: parseBundle(file.requester_ca),
    unsigned: flag(file.unsigned),
    ...(file.operators_sign && { operatorsSign: flag(file.operators_sign) }),
    limits: parseLimits(file.limits),
  };
}

/**
 * The text of a `cluster.json`, indented, ready for {@link parseGenesis}.
 *
 * @throws ClusterError `invalid-request` when that would refuse it.
 */
export function encodeGenesis(genesis: GenesisFields): Uint8Array {
  const file = {
    format: FORMAT,
    level: genesis.level,
    created_ms: genesis.createdMs,
    members: genesis.members.map(({ nodeId: id, role, identityKey }) => ({
      node_id: id,
      role,
      identity_key: toHex(identityKey),
    })),
    peer_ca: genesis.peerCa,
    requester_ca: genesis.requesterCa,
    unsigned: genesis.unsigned,
    ...(genesis.operatorsSign === true && { operators_sign: true }),
    limits: {
      open_generate_tasks_max: genesis.limits.openGenerateTasksMax,
      open_sign_tasks_max: genesis.limits.openSignTasksMax,
      request_ids_max: genesis.limits.requestIdsMax,
      keys_max: genesis.limits.keysMax,
    },
  };
  return parseGenesis(utf8(`${JSON.stringify(file, undefined, 2)}\n`)).bytes;
}

/** The nodes that vote in Raft and hold shares, sorted bytewise. */
export function voters(genesis: GenesisFields): readonly NodeId[] {
  return votersAmong(genesis.members);
}

export function votersAmong(members: readonly GenesisMember[]): readonly NodeId[] {
  return members
    .filter(({ role }) => role === 'tee')
    .map((member) => member.nodeId)
    .sort(compareText);
}

function parseMembers(place: Place): readonly GenesisMember[] {
  const members = list(place, MEMBERS_MAX).map(parseMember);

  const seen = new Set<string>();
  for (const [at, member] of members.entries()) {
    const key = toHex(member.identityKey);
    if (seen.has(member.nodeId)) refuse(`${place.path}[${at}].node_id`, 'Stands there twice');
    if (seen.has(key)) refuse(`${place.path}[${at}].identity_key`, 'Stands there twice');
    seen.add(member.nodeId).add(key);
  }
  const tee = members.filter(({ role }) => role === 'tee').length;
  if (tee < 1 || tee > TEE_MEMBERS_MAX)
    refuse(place.path, `Must have 1 to ${TEE_MEMBERS_MAX} members of role tee`);
  return members;
}

function parseMember(place: Place): GenesisMember {
  const member = fields(place, ['node_id', 'role', 'identity_key']);
  const id = text(member.node_id);
  if (!isId(id)) refuse(member.node_id.path, 'Must be an id: a-z, 0-9, - and _, at most 63');
  const role = text(member.role);
  if (role !== 'tee' && role !== 'mesh') return refuse(member.role.path, 'Must be tee or mesh');
  const identityKey = fromHex(text(member.identity_key));
  if (identityKey?.length !== IDENTITY_KEY_BYTES)
    return refuse(member.identity_key.path, 'Must be 64 lower-case hex characters');
  return { nodeId: nodeId(id), role, identityKey };
}

function parseBundle(place: Place): string {
  const bundle = text(place);
  return PEM_BUNDLE.test(bundle) ? bundle : refuse(place.path, 'Must be certificates in PEM');
}

function parseLimits(place: Place): Limits {
  const limits = fields(place, [
    'open_generate_tasks_max',
    'open_sign_tasks_max',
    'request_ids_max',
    'keys_max',
  ]);
  return {
    openGenerateTasksMax: integer(
      limits.open_generate_tasks_max,
      1,
      LIMIT_CEILINGS.openGenerateTasksMax,
    ),
    openSignTasksMax: integer(limits.open_sign_tasks_max, 1, LIMIT_CEILINGS.openSignTasksMax),
    requestIdsMax: integer(limits.request_ids_max, 1, LIMIT_CEILINGS.requestIdsMax),
    keysMax: integer(limits.keys_max, 1, LIMIT_CEILINGS.keysMax),
  };
}
