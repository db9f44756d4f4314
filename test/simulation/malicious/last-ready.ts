import { toHex, type ClusterId } from '../../../src/common/index.js';
import { readyBytes } from '../../../src/identity/index.js';
import type { Signer } from '../../../src/ports/index.js';
import { encodeCommand } from '../../../src/state/index.js';
import { Command, decode, type Sharing, type TaskMessageBody } from '../../../src/wire/index.js';
import { flipped } from '../../support/adversary/forgery.js';
import type { Rng } from '../rng.js';

/** So often its `ready` is due before it says it: the others' are there then. */
const HELD_TIMES = 6;

/**
 * A participant that lies in what it says of a key, and in nothing else: its `ready` comes when all others have said theirs, and says
 * something else. If statements were not compared, the last one's would be the key.
 */
export class LastReady {
  readonly #signer: Signer;
  readonly #clusterId: ClusterId;
  readonly #rng: Rng;
  readonly #told: (lie: string) => void;
  /** By session: how often its `ready` was due. */
  readonly #due = new Map<string, number>();

  constructor(parts: {
    readonly signer: Signer;
    readonly clusterId: ClusterId;
    readonly rng: Rng;
    told(lie: string): void;
  }) {
    this.#signer = parts.signer;
    this.#clusterId = parts.clusterId;
    this.#rng = parts.rng;
    this.#told = (lie) => parts.told(lie);
  }

  /** What is said instead. */
  instead(message: TaskMessageBody): readonly TaskMessageBody[] {
    const said = message.message;
    const fact = said?.$case === 'fact' ? decode(Command, said.value.command)?.command : undefined;
    const sharing = fact?.$case === 'ready' ? fact.value.sharing : undefined;
    if (fact?.$case !== 'ready' || sharing === undefined) return [message];
    const session = toHex(sharing.sessionId);
    const times = (this.#due.get(session) ?? 0) + 1;
    this.#due.set(session, times);
    if (times <= HELD_TIMES) return [];
    this.#told('ready that is wrong, and last');
    const other = this.#altered(sharing);
    const signature = this.#signer.sign(readyBytes(this.#clusterId, other));
    const value = { ...fact.value, sharing: other, signature };
    const command = encodeCommand({ $case: 'ready', value });
    return [{ message: { $case: 'fact', value: { command } } }];
  }

  /** Another sharing of the same form. */
  #altered(sharing: Sharing): Sharing {
    const { digest, publicKey, publicPolynomial } = sharing;
    const lies: readonly Partial<Sharing>[] = [
      { digest: flipped(digest) },
      { publicKey: publicPolynomial.at(-1) ?? publicKey },
      { publicPolynomial: publicPolynomial.toReversed() },
    ];
    return { ...sharing, ...this.#rng.pick(lies) };
  }
}
