import { ethereumAddress } from '../../client/index.js';
import { Algorithm, KeyState } from '../../wire/index.js';
import type { Key } from '../../wire/index.js';
import { facts, table } from './table.js';
import { hex, interval, nameOf, time } from './values.js';

/** The trust in a certificate, in a word and in a sentence. */
export type Shown = { readonly verdict: string; readonly because: string };

/** The public key at a path of a key. */
export type DerivedKey = { readonly path: readonly number[]; readonly publicKey: Uint8Array };

/** A key for programs: the names of the proto, bytes as hex, times in RFC 3339. */
export function keyJson(key: Key, shown?: Shown, derived?: DerivedKey): object {
  return {
    key_id: key.keyId,
    algorithm: nameOf(Algorithm, key.algorithm),
    public_key: hex(key.publicKey),
    ...addressJson('ethereum_address', key, key.publicKey),
    threshold: key.threshold,
    participants: key.participants,
    version: key.version,
    state: nameOf(KeyState, key.state),
    ...resharingJson(key),
    ...endJson(key.end),
    create_time: time(key.createTime),
    owner: key.owner,
    allowed_signers: key.allowedSigners,
    labels: key.labels.map(({ key: name, value }) => ({ key: name, value })),
    ...(derived && {
      derivation_path: derived.path,
      derived_public_key: hex(derived.publicKey),
      ...addressJson('derived_ethereum_address', key, derived.publicKey),
    }),
    ...(shown && { verdict: shown.verdict, because: shown.because }),
  };
}

/** A key for a person. */
export function keyLines(key: Key, shown?: Shown, derived?: DerivedKey): string[] {
  return facts([
    ['key', key.keyId],
    ['public key', hex(key.publicKey)],
    ['Ethereum address', addressOf(key, key.publicKey)],
    [`key at ${derived?.path.join('/') ?? ''}`, derived && hex(derived.publicKey)],
    [`address at ${derived?.path.join('/') ?? ''}`, derived && addressOf(key, derived.publicKey)],
    ['algorithm', nameOf(Algorithm, key.algorithm)],
    [signing(key), `${key.threshold} of ${key.participants.join(', ')}`],
    ['version', String(key.version)],
    ['state', nameOf(KeyState, key.state)],
    ...resharingFacts(key),
    ...endFacts(key.end),
    ['created', time(key.createTime)],
    ['owner', key.owner],
    ['also may sign', list(key.allowedSigners)],
    ['labels', list(key.labels.map(labelText))],
    ['certificate', shown && `${shown.verdict}: ${shown.because}`],
  ]);
}

/** Of a key that is retired, or beyond that, who signed with it while it was in use. */
function signing({ end }: Pick<Key, 'end'>): string {
  return end === undefined ? 'signing takes' : 'signing took';
}

/** Nothing of a key that is never refreshed and whose next version is not being made. */
function resharingJson(key: Key): object {
  const { reshareInterval, nextReshareTime, lastReshareFailure: failure } = key;
  return {
    ...(reshareInterval && { reshare_interval_s: Number(reshareInterval.seconds) }),
    ...(nextReshareTime && { next_reshare_time: time(nextReshareTime) }),
    ...(key.reshareTaskId !== '' && { reshare_task_id: key.reshareTaskId }),
    ...(failure && {
      last_reshare_failure: {
        task_id: failure.taskId,
        reason: failure.reason,
        time: time(failure.time),
      },
    }),
  };
}

function resharingFacts(key: Key): [string, string | undefined][] {
  const { reshareInterval, lastReshareFailure: failure, reshareTaskId } = key;
  return [
    ['refreshed every', reshareInterval && interval(Number(reshareInterval.seconds))],
    ['next refresh', time(key.nextReshareTime)],
    ['is reshared by', reshareTaskId === '' ? undefined : `task ${reshareTaskId}`],
    [
      'last refresh failed',
      failure && `${failure.reason} at ${time(failure.time) ?? '?'}, task ${failure.taskId}`,
    ],
  ];
}

/** Nothing of a key in use. */
function endJson(end: Key['end']): object {
  if (end === undefined) return {};
  return {
    retire_time: time(end.retireTime),
    recoverable_until: time(end.recoverableUntil),
    ...(end.destroyTime && {
      destroy_time: time(end.destroyTime),
      erased: end.erased,
      awaited: end.awaited,
    }),
  };
}

function endFacts(end: Key['end']): [string, string | undefined][] {
  return [
    ['retired', time(end?.retireTime)],
    ['recoverable until', time(end?.recoverableUntil)],
    ['destroy asked', time(end?.destroyTime)],
    ['erased by', list(end?.erased ?? [])],
    ['not yet by', list(end?.awaited ?? [])],
  ];
}

/** Of an ECDSA key that Ethereum knows: the address of a public key of it. */
export function addressOf(
  { algorithm }: Pick<Key, 'algorithm'>,
  publicKey: Uint8Array,
): string | undefined {
  if (algorithm !== Algorithm.GG20_SECP256K1) return undefined;
  try {
    return ethereumAddress(publicKey);
  } catch {
    // A node's word is shown as it is, whatever it is.
    return undefined;
  }
}

function addressJson(field: string, key: Key, publicKey: Uint8Array): object {
  const address = addressOf(key, publicKey);
  return address === undefined ? {} : { [field]: address };
}

function list(words: readonly string[]): string | undefined {
  return words.length === 0 ? undefined : words.join(', ');
}

function labelText({ key, value }: Key['labels'][number]): string {
  return `${key}=${value}`;
}

/** Keys for a person, one per line. */
export function keyTable(keys: readonly Key[]): string[] {
  return table(
    ['KEY', 'ALGORITHM', 'SIGNERS', 'STATE', 'CREATED', 'OWNER', 'LABELS', 'PUBLIC KEY'],
    keys.map((key) => [
      key.keyId,
      nameOf(Algorithm, key.algorithm),
      `${key.threshold} of ${key.participants.length}`,
      nameOf(KeyState, key.state),
      time(key.createTime),
      key.owner,
      list(key.labels.map(labelText)),
      hex(key.publicKey),
    ]),
  );
}
