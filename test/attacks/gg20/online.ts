import type { PartyIndex } from '../../../src/common/index.js';
import {
  combineBodies,
  judgeSigning,
  publicSession,
  type BegunSession,
  type Presigned,
} from '../../../src/gg20/index.js';
import { ProtocolAbort } from '../../../src/mpc/index.js';
import type { Envelope } from '../../../src/wire/index.js';
import {
  ASKED,
  begin,
  presignSessions,
  sharedSignature,
  signOnlineAll,
  verifiedMessages,
  type Attack,
} from '../../support/builders/gg20-signing.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack } from './attack.js';
import { bodies, HONEST, LIAR, signed, SIGNERS, signingSession, toFourth } from './session-runs.js';
import { altered, ECHOES, flipped } from './views.js';

type Online = {
  readonly presigned: ReadonlyMap<PartyIndex, Presigned>;
  readonly presigId: Uint8Array;
};

async function presigning(): Promise<Online> {
  const { key } = await signingSession();
  const presigned = new Map<PartyIndex, Presigned>();
  for (const [i, outcome] of await presignSessions(key)) {
    if (!outcome.ok) throw outcome.error;
    presigned.set(i, outcome.value);
  }
  return { presigned, presigId: presigned.get(1)?.presigId ?? new Uint8Array() };
}

/** What came of a presignature: whom signers name, and whether there is a signature. */
async function online(
  { presigned, presigId }: Online,
  begun: BegunSession,
  attack: Attack,
): Promise<{ readonly named: readonly string[]; readonly isSigned: boolean }> {
  const { key } = await signingSession();
  const shares = new Map<PartyIndex, Uint8Array>();
  const named: string[] = [];
  for (const [i, outcome] of await signOnlineAll(key, begun, presigned, attack)) {
    if (!HONEST.includes(i)) {
      if (outcome.ok) shares.set(i, outcome.value.body);
      continue;
    }
    if (!outcome.ok) {
      named.push(String(outcome.error));
      continue;
    }
    shares.set(i, outcome.value.body);
    await outcome.value.agreed.catch((error: unknown) => {
      const culprits = error instanceof ProtocolAbort ? error.culprits : [];
      named.push(...culprits.map((party) => `${SIGNERS[party - 1] ?? 0} ${String(error)}`));
    });
  }
  const made = combineBodies(sharedSignature(key, begun, presigId), shares, () => true);
  return { named, isSigned: made.ok };
}

/** Whoever asks chose the digest after R was known: row 23 says what it is good for. */
async function bareDigest(): Promise<Attempt> {
  const { key } = await signingSession();
  const made = await presigning();
  const asked = { ...ASKED, form: 'digest', hash: 0, presigId: made.presigId } as const;
  const { named, isSigned } = await online(made, await begin(key, asked), {});
  return isSigned
    ? unstopped('a signature of a bare digest, with a nonce that was known before')
    : stoppedBy(...named);
}

/** The last byte is one of eta. */
function lastFlipped(body: Uint8Array): Uint8Array {
  return body.map((byte, at) => (at === body.length - 1 ? byte ^ 1 : byte));
}

/** Another eta for signer 4: there is no signature, and somebody is at fault. */
async function twoAccepts(): Promise<Attempt> {
  const { key } = await signingSession();
  const made = await presigning();
  const begun = await begin(key, { ...ASKED, presigId: made.presigId });
  const { named, isSigned } = await online(made, begun, {
    tamper: toFourth('accept', lastFlipped),
  });
  return named.length > 0
    ? stoppedBy(...named)
    : unstopped(!isSigned && 'a presignature that is lost, and nobody named for it');
}

/** Two rids, and what honest signers said under one of them is shown beside the other. */
async function otherView(): Promise<Attempt> {
  const { key, begun } = await signingSession();
  const seen: Envelope[] = [];
  const change = altered(bodies.round1, ({ rid }) => ({ rid: flipped(rid) }));
  await signed({ tamper: toFourth('nonce', change), sees: (_, envelope) => seen.push(envelope) });
  const all = verifiedMessages(key, seen);
  const statement = all.flatMap(({ body }) => body ?? []);
  const session = publicSession(key.tables, begun.facts);
  const framed = HONEST.filter((accused) => {
    const said = all.filter(({ from }) => from === SIGNERS.indexOf(accused) + 1);
    return judgeSigning({ protocol: 'gg20-sign', session, accused }, said, statement) !== undefined;
  });
  return framed.length === 0
    ? stoppedBy('what the accused signed is judged by what it signed that it heard')
    : unstopped(`honest signers judged by what others heard: ${framed.join()}`);
}

export const ONLINE: readonly Gg20Attack[] = [
  {
    row: 23,
    name: 'a bare digest for a presignature',
    stopped: 'Bug: no presignature serves a bare digest',
    removed: [
      gg20(
        'session/online.js',
        "assert(signed.hash !== 0, 'no presignature serves a bare digest');",
      ),
    ],
    run: bareDigest,
  },
  {
    row: 42,
    name: 'one eta for one signer, another for the other',
    culprit: LIAR,
    stopped: 'ProtocolAbort: Broadcasts of accept differ, or an echo of them',
    removed: [ECHOES],
    run: twoAccepts,
  },
  {
    row: 44,
    name: 'answers of honest signers, judged with a rid that they did not hear',
    stopped: 'what the accused signed is judged by what it signed that it heard',
    removed: [
      gg20(
        'session/judged-views.js',
        'const shown = this.#shown.get(toHex(heard[at]?.digest ?? new Uint8Array()));',
        `const right = this.#shown.get(toHex(heard[at]?.digest ?? new Uint8Array()));
            const isHeard = (each) => heard.some(({ digest }) => equal(digest, bodyDigest(each)));
            const other = [...this.#shown.values()].find((each) => each.length === right?.length && !isHeard(each));
            const shown = at === 1 && round === 'nonce' ? (other ?? right) : right;`,
      ),
    ],
    run: otherView,
  },
];
