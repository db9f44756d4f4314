import {
  preparedBytes,
  requestHash,
  setIdOf,
  type SetProfile,
} from '../../../src/identity/index.js';
import {
  auxiliaryOf,
  prepareOf,
  readSet,
  setOfKey,
  shareHolders,
  UPKEEP_METHODS,
} from '../../../src/state/index.js';
import { Algorithm, encode, Gg20Profile, PrepareRequest } from '../../../src/wire/index.js';
import type {
  Attempt,
  GenerateKeyRequest,
  KeyParticipant,
  Preparation,
  Prepared,
  SetRecord,
  TaskRecord,
} from '../../../src/wire/index.js';
import { bootOf, fill, identityKeyOf, sealOf } from './ledger.js';
import type { AppliedEntry, Ledger } from './ledger.js';

/** A set as tests name it: the voters with these names, and its profile. */
export type NamedSet = {
  readonly names?: readonly string[];
  readonly profile?: SetProfile;
};

/** Nodes with the identity keys that the test genesis gives them, in order of party index. */
export function participantsNamed(
  ledger: Ledger,
  names: readonly string[] | undefined,
): readonly KeyParticipant[] {
  return shareHolders(ledger.ask.members()).filter(
    ({ nodeId }) => names === undefined || names.includes(nodeId),
  );
}

/** The set's record in the state; `undefined` where it has none. */
export function recordOf(ledger: Ledger, { names, profile }: NamedSet = {}): SetRecord | undefined {
  const participants = participantsNamed(ledger, names);
  return readSet(ledger.state, setIdOf({ profile: profile ?? Gg20Profile.P3072, participants }));
}

export function prepareRequest(
  ledger: Ledger,
  { names, profile }: NamedSet = {},
  more: Partial<PrepareRequest> = {},
): Uint8Array {
  return encode(PrepareRequest, {
    profile: profile ?? Gg20Profile.P3072,
    participants: [...participantsNamed(ledger, names)],
    generation: 1,
    ...more,
  });
}

/** The entry by which a leader opens a prepare. */
export function upkeep(
  ledger: Ledger,
  request: Uint8Array = prepareRequest(ledger),
  method: string = UPKEEP_METHODS.prepare,
): AppliedEntry {
  return ledger.command({ $case: 'upkeep', value: { method, request } });
}

/** An attempt of a prepare among nodes, all of the test's voters unless named. */
export function prepareAttempt(
  ledger: Ledger,
  task: TaskRecord,
  names: readonly string[] = participantsNamed(ledger, undefined).map(({ nodeId }) => nodeId),
  more: Partial<Attempt> = {},
): AppliedEntry {
  return ledger.command({
    $case: 'attempt',
    value: {
      taskId: task.taskId,
      number: task.attempts.length + 1,
      version: 0,
      sharingSession: new Uint8Array(0),
      requestHash: task.requestHash,
      assignment: {
        $case: 'boots',
        value: { nodes: names.map((nodeId) => ({ nodeId, boot: bootOf(nodeId) })) },
      },
      auxiliary: undefined,
      dealers: [],
      ...more,
    },
  });
}

/** What an honest member says of the newest attempt; in `lies`, what it says otherwise. */
export function prepared(
  ledger: Ledger,
  task: TaskRecord,
  node: string,
  lies: Partial<Preparation> & { readonly signature?: Uint8Array } = {},
): Prepared {
  const { signature, ...others } = lies;
  const asked = prepareOf(task);
  const newest = task.attempts.at(-1);
  const assignment = newest?.attempt?.assignment;
  const members = assignment?.$case === 'boots' ? assignment.value.nodes : [];
  const preparation: Preparation = {
    sessionId: newest?.sessionId ?? fill(0),
    setId: Uint8Array.from(Buffer.from(asked?.setId ?? '', 'hex')),
    generation: asked?.generation ?? 0,
    members: members.map(({ nodeId }) => nodeId),
    digest: fill(5),
    ...others,
  };
  const bytes = preparedBytes(ledger.rules.genesis.clusterId, preparation);
  return { nodeId: node, preparation, signature: signature ?? sealOf(identityKeyOf(node), bytes) };
}

/** Opens the prepare that is due of this set, and has all named members say `prepared`. Returns the task's id. */
export function prepare(
  ledger: Ledger,
  set: NamedSet = {},
  members: readonly string[] = participantsNamed(ledger, set.names).map(({ nodeId }) => nodeId),
): string {
  const generation = (recordOf(ledger, set)?.active?.preparation?.generation ?? 0) + 1;
  const [id = ''] = upkeep(ledger, prepareRequest(ledger, set, { generation })).changedTasks;
  prepareAttempt(ledger, ledger.task(id), members);
  for (const node of members) {
    ledger.command({ $case: 'prepared', value: prepared(ledger, ledger.task(id), node) });
  }
  return id;
}

/** A GG20 key of all voters that is active, its certificate complete; its set is prepared first where it is not yet. */
export function activeGg20Key(
  ledger: Ledger,
  keyId: string,
  more: Partial<GenerateKeyRequest> & { readonly requester?: string } = {},
): void {
  const algorithm = more.algorithm ?? Algorithm.GG20_SECP256K1;
  const [id = ''] = ledger.generate(keyId, { algorithm, ...more }).changedTasks;
  const set = more.gg20Profile === Gg20Profile.P2048 ? { profile: more.gg20Profile } : {};
  if (recordOf(ledger, set)?.active === undefined) prepare(ledger, set);
  ledger.attempt(ledger.task(id));
  for (const { nodeId } of participantsNamed(ledger, undefined)) {
    ledger.command({ $case: 'ready', value: ledger.ready(ledger.task(id), nodeId) });
  }
  for (const { nodeId } of participantsNamed(ledger, undefined)) {
    ledger.command({ $case: 'installed', value: ledger.installed(keyId, nodeId) });
  }
}

/** An attempt of a Sign by a GG20 key, among node-1 and node-2 unless named, under the active generation. */
export function sessionAttempt(
  ledger: Ledger,
  keyId: string,
  taskId: string,
  number: number,
  names: readonly string[] = ['node-1', 'node-2'],
): Attempt {
  const key = ledger.ask.key(keyId);
  const set = key && setOfKey(key);
  return {
    taskId,
    number,
    version: 1,
    sharingSession: key?.sessionId ?? fill(0),
    requestHash: ledger.ask.task(taskId)?.requestHash ?? requestHash('', fill(0)),
    assignment: {
      $case: 'boots',
      value: { nodes: names.map((nodeId) => ({ nodeId, boot: bootOf(nodeId) })) },
    },
    auxiliary: set && auxiliaryOf(ledger.state, set),
    dealers: [],
  };
}
