import { concat, equal, type PartyIndex } from '../../src/common/index.js';
import { sha256, X25519_BYTES } from '../../src/crypto/index.js';
import {
  echoed,
  ProtocolAbort,
  protocol,
  type Codec,
  type Echoed,
  type Reliable,
} from '../../src/mpc/index.js';
import type { Random } from '../../src/ports/index.js';
import { bytesItem, listItem, transcript, u16Item } from '../../src/wire/index.js';

/** A commitment to a value, and a key to seal the others' values to. */
export type ToyCommitment = { readonly hash: Uint8Array; readonly sealKey: Uint8Array };

/** The two rounds of the toy protocol, which draws 32 bytes that no participant chooses. */
export type ToyRounds = {
  /** To all, with an echo. */
  readonly commit: { readonly all: ToyCommitment };
  /** The value, to each participant alone. */
  readonly open: { readonly each: Uint8Array };
};

/** A value, a commitment and the output: bytes each. */
export const TOY_BYTES = 32;

const commitment: Codec<ToyCommitment> = {
  encode: ({ hash, sealKey }) => concat(hash, sealKey),
  decode: (body) =>
    body.length === TOY_BYTES + X25519_BYTES
      ? { hash: body.slice(0, TOY_BYTES), sealKey: body.slice(TOY_BYTES) }
      : undefined,
};

/** Copies: the session wipes what it carried in private. */
const value: Codec<Uint8Array> = {
  encode: (bytes) => Uint8Array.from(bytes),
  decode: (body) => (body.length === TOY_BYTES ? Uint8Array.from(body) : undefined),
};

export const toy = protocol<Echoed<ToyRounds>>({
  name: 'toy',
  limits: { bodyBytesMax: 4_096, earlySealedMax: 1 },
  rounds: echoed<ToyRounds>({
    commit: { all: commitment, sealKey: ({ sealKey }) => sealKey },
    open: { each: value },
  }),
});

/** What a participant commits to its value with. */
export function toyCommitment(
  sessionId: Uint8Array,
  index: PartyIndex,
  bytes: Uint8Array,
): Uint8Array {
  return sha256(
    transcript('toy-commitment', [bytesItem(sessionId), u16Item(index), bytesItem(bytes)]),
  );
}

/** Whether a body opens what another body, of the same sender, has committed to. What cannot be read does not. */
export function isToyOpening(
  sessionId: Uint8Array,
  index: PartyIndex,
  commitBody: Uint8Array,
  openBody: Uint8Array,
): boolean {
  const [committed, opened] = [commitment.decode(commitBody), value.decode(openBody)];
  if (committed === undefined || opened === undefined) return false;
  return equal(toyCommitment(sessionId, index, opened), committed.hash);
}

/** The body of a commitment to another value than the one in `body`, with the same key. */
export function commitmentToOther(
  sessionId: Uint8Array,
  index: PartyIndex,
  body: Uint8Array,
  other: Uint8Array,
): Uint8Array {
  const sealKey = commitment.decode(body)?.sealKey ?? new Uint8Array(X25519_BYTES);
  return commitment.encode({ hash: toyCommitment(sessionId, index, other), sealKey });
}

/**
 * Draws bytes together with all parties of the session: each commits to a value, then opens it to each other one. Every
 * participant comes to the same output, and none could choose it: it is fixed before the first value is open.
 *
 * @param valueFor - What one participant is told; the value itself, unless a test lies.
 * @param awaitsEchoes - `false` is a mistake, which the tests plant.
 * @throws {ProtocolAbort} A broadcast or its echo is two-faced, or a value is not the one that was committed to.
 */
export async function draw(
  party: Reliable<ToyRounds>,
  random: Random,
  valueFor: (to: PartyIndex, mine: Uint8Array) => Uint8Array = (_, mine) => mine,
  awaitsEchoes = true,
): Promise<Uint8Array> {
  const { sessionId, index } = party;
  const mine = random.bytes(TOY_BYTES);

  // commit: each commits before any opens, so that no value is a function of another.
  const hash = toyCommitment(sessionId, index, mine);
  const commitments = await party.round('commit', { all: { hash, sealKey: party.sealKey } });

  // open: to each alone. Own value as it was committed to.
  const opened = await party.round('open', {
    each: (to) => (to === index ? mine : valueFor(to, mine)),
  });
  // All have the same commitments, or the run is over. So a wrong value is its sender's lie, and the output is one.
  if (awaitsEchoes) await party.agreed();

  const wrong = opened.filter(({ from, each }, at) => {
    const { hash: committed } = commitments[at]?.all ?? { hash: new Uint8Array(0) };
    return !equal(toyCommitment(sessionId, from, each), committed);
  });
  if (wrong.length > 0) {
    const culprits = wrong.map(({ from }) => from);
    const evidence = culprits.flatMap((from) => party.originals(['commit', 'open'], from));
    throw new ProtocolAbort(`Wrong ${toy.kinds.open}`, culprits, evidence);
  }
  const values = opened.map(({ each }) => bytesItem(each));
  return sha256(transcript('toy-output', [bytesItem(sessionId), listItem(values)]));
}
