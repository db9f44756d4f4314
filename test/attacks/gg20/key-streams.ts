import { toHex, type PartyIndex } from '../../../src/common/index.js';
import { signEnvelope } from '../../../src/mpc/index.js';
import { keygen } from '../../../src/sharing/index.js';
import { encode, Envelope, type KeygenValue } from '../../../src/wire/index.js';
import { ATTACKER, view } from '../../support/adversary/keygen-liar.js';
import { generatingCases } from '../generating.js';
import { stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { generated, keyOf, named, removal, signers, suite } from './key-runs.js';

/** A commitment that says participant 1 made it, on the attacker’s stream and with its signature. */
async function spoofed(): Promise<Attempt> {
  const run = await generated({
    tamper(from, _to, envelope) {
      const signer = signers[ATTACKER - 1];
      const isIt = from === ATTACKER && envelope.kind === keygen.kinds.commit;
      if (!isIt || signer === undefined) return [envelope];
      const { sessionId, kind, to } = envelope;
      const hash = new Uint8Array(32).fill(9);
      const body = keygen.rounds.commit.all.encode({ hash, sealKey: hash });
      return [{ ...signEnvelope(signer, sessionId, kind, ATTACKER, to, body), from: 1 }, envelope];
    },
  });
  const framed = named(run).find((each) => each.startsWith('1 '));
  if (framed !== undefined) return unstopped(`an honest one named: ${framed}`);
  return keyOf(run) === undefined
    ? unstopped(undefined)
    : stoppedBy('a message counts for whose stream and key it is');
}

/** All that is sent, beside all that participant 1 dealt. */
async function captured(): Promise<Attempt> {
  const [sent, shares]: [string[], string[]] = [[], []];
  await generated({
    tamper(_from, _to, envelope) {
      sent.push(toHex(encode(Envelope, envelope)));
      return [envelope];
    },
    corrupt: {
      1: (party) => ({
        ...view(party),
        round: (name, mine) => {
          if (mine === undefined || !('each' in mine)) return party.round(name, mine);
          const each = mine.each as (to: PartyIndex) => KeygenValue;
          const noted = (to: PartyIndex): KeygenValue => {
            const value = each(to);
            shares.push(toHex(value.value));
            return value;
          };
          return party.round(name, { ...mine, each: noted });
        },
      }),
    },
  });
  if (shares.length === 0 || sent.length === 0) throw new Error('shares were sent');
  const found = shares.filter((share) => sent.some((message) => message.includes(share)));
  return found.length === 0
    ? stoppedBy('no share stands in what is sent')
    : unstopped(`${found.length} shares, for whoever sees the streams`);
}

/** A member that keeps its `ready` back, which only some of the others could have seen. */
async function readyWithheld(): Promise<Attempt> {
  const found = generatingCases(suite).find(({ name }) =>
    name.endsWith('generating: ready withheld'),
  );
  if (found === undefined) throw new Error('there is such a case');
  const { named: culprits, problems } = await found.run();
  return culprits.length === 0 && problems.length === 0
    ? stoppedBy('no key is active without every ready')
    : unstopped(problems.join('; '));
}

export const KEY_STREAMS: readonly Gg20Attack[] = [
  {
    row: 17,
    name: 'a ready that does not come to the log',
    stopped: 'no key is active without every ready',
    removed: [removal('state/apply-facts.js', 'said.length === sharing.participants.length && ')],
    run: readyWithheld,
  },
  {
    row: 36,
    name: 'a commitment that says another made it',
    stopped: 'a message counts for whose stream and key it is',
    removed: [
      removal('mpc/session.js', 'envelope.from !== from ||\n'),
      removal(
        'mpc/session.js',
        'this.#accept(round, channel, from, signed);',
        'this.#accept(round, channel, envelope.from, signed);',
      ),
      removal(
        'mpc/session.js',
        'return verify.identity(identityKey, channel.signedBytes(from, body), signature);',
        'return true;',
      ),
    ],
    run: spoofed,
  },
  {
    row: 40,
    name: 'all streams of a key generation are seen',
    stopped: 'no share stands in what is sent',
    removed: [
      removal(
        'mpc/seals.js',
        'return aesGcmSeal(once.bytes, NONCE, this.#sessionId, plain);',
        'return plain.slice();',
      ),
      removal(
        'mpc/seals.js',
        'return key && aesGcmOpen(key.bytes, NONCE, this.#sessionId, sealed);',
        'return key && sealed.slice();',
      ),
    ],
    run: captured,
  },
];
