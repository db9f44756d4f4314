import { Algorithm, KeyState } from '../../wire/index.js';
import type { Key } from '../../wire/index.js';
import { facts, table } from './table.js';
import { hex, nameOf, time } from './values.js';

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
    threshold: key.threshold,
    participants: key.participants,
    version: key.version,
    state: nameOf(KeyState, key.state),
    create_time: time(key.createTime),
    owner: key.owner,
    allowed_signers: key.allowedSigners,
    labels: key.labels.map(({ key: name, value }) => ({ key: name, value })),
    ...(derived && {
      derivation_path: derived.path,
      derived_public_key: hex(derived.publicKey),
    }),
    ...(shown && { verdict: shown.verdict, because: shown.because }),
  };
}

/** A key for a person. */
export function keyLines(key: Key, shown?: Shown, derived?: DerivedKey): string[] {
  return facts([
    ['key', key.keyId],
    ['public key', hex(key.publicKey)],
    [`key at ${derived?.path.join('/') ?? ''}`, derived && hex(derived.publicKey)],
    ['algorithm', nameOf(Algorithm, key.algorithm)],
    ['signing takes', `${key.threshold} of ${key.participants.join(', ')}`],
    ['version', String(key.version)],
    ['state', nameOf(KeyState, key.state)],
    ['created', time(key.createTime)],
    ['owner', key.owner],
    ['also may sign', list(key.allowedSigners)],
    ['labels', list(key.labels.map(labelText))],
    ['certificate', shown && `${shown.verdict}: ${shown.because}`],
  ]);
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
