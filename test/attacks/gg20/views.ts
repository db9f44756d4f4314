import type { PartyIndex } from '../../../src/common/index.js';
import { modulo } from '../../../src/crypto/index.js';
import {
  proveS,
  proveT,
  SilentInBlame,
  type ProofContext,
  type SumSecrets,
} from '../../../src/gg20/index.js';
import { gammaCommitment } from '../../../src/gg20/presign/round1.js';
import { place } from '../../../src/gg20/presign/session.js';
import { secretLayouts } from '../../../src/gg20/session/secret-bytes.js';
import { EVERYONE } from '../../../src/gg20/zk/context.js';
import { commitTo } from '../../../src/gg20/zk/t.js';
import type { Compute, Job } from '../../../src/ports/index.js';
import type { Layout } from '../../../src/gg20/zk/layout.js';
import { corruptWork } from '../../support/builders/gg20-signing.js';
import { gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack, Removal } from './attack.js';
import { q, random, set } from './pair.js';
import {
  bodies,
  framing,
  HONEST,
  LIAR,
  named,
  signed,
  signingSession,
  toFourth,
} from './session-runs.js';

const { group } = set.curve;

/** A body, some of whose fields are others. */
export function altered<V extends object>(layout: Layout<V>, change: (value: V) => Partial<V>) {
  return (body: Uint8Array): Uint8Array => {
    const value = layout.decode(body);
    if (value === undefined) throw new Error('a body of the attacker’s own');
    return layout.encode({ ...value, ...change(value) });
  };
}

export const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 1);

/** Two rids make two ssids: honest proofs hold in one, and are looked at in the other. */
async function twoRids(): Promise<Attempt> {
  const change = altered(bodies.round1, ({ rid }) => ({ rid: flipped(rid) }));
  return framing(await signed({ tamper: toFourth('nonce', change) }));
}

/** Two deltas make two R: an honest Rb is right for one of them. */
async function twoDeltas(): Promise<Attempt> {
  const change = altered(bodies.round3, ({ delta }) => ({ delta: modulo(delta + 1n, q) }));
  return framing(await signed({ tamper: toFourth('sums', change) }));
}

/** Two commitments to one Gamma, each of which opens: nobody sees anything wrong by itself. */
async function twoCommitments(): Promise<Attempt> {
  const { begun } = await signingSession();
  let shown: unknown;
  await signed({
    tamper({ from, round, body }) {
      if (from === LIAR && round === 'gamma') shown = bodies.round4.decode(body)?.Gamma;
      return body;
    },
  });
  const salt = new Uint8Array(32).fill(5);
  const commitment = gammaCommitment({ set, ssid0: begun.facts.ssid0 }, LIAR, shown, salt);
  const [first, later] = [
    toFourth(
      'nonce',
      altered(bodies.round1, () => ({ commitment })),
    ),
    toFourth(
      'gamma',
      altered(bodies.round4, () => ({ salt })),
    ),
  ];
  const run = await signed({
    tamper: (message) => (message.round === 'gamma' ? later(message) : first(message)),
  });
  const stopped = named(run);
  if (stopped.length > 0 && stopped.every((each) => each.startsWith(`${LIAR} `)))
    return { stopped };
  return unstopped(`two commitments of one signer; named: ${stopped.join(', ') || 'nobody'}`);
}

/** The attacker’s own numbers, as its jobs come to them. */
type Seen = { ssid?: Uint8Array; sums?: SumSecrets | undefined; R?: unknown };

function watching(honest: Compute, seen: Seen): Compute {
  const secrets = secretLayouts(set);
  return {
    idle: () => true,
    async run<I, O>(job: Job<I, O, never>, input: I): Promise<O> {
      const { ssid, R } = input as { readonly ssid?: Uint8Array; readonly R?: Uint8Array };
      if (ssid !== undefined) seen.ssid = ssid;
      if (R !== undefined) seen.R = group.decode(R);
      const output = await honest.run(job, input);
      const made = output as {
        readonly value?: { readonly secret?: { readonly sums?: Uint8Array } };
      };
      const sums = made.value?.secret?.sums;
      if (sums !== undefined) seen.sums = secrets.sums.decode(sums);
      return output;
    },
  };
}

/** T of sigma + 1, which the attacker can open as well as that of sigma. */
function otherSigma({ ssid, sums }: Seen) {
  if (ssid === undefined || sums === undefined) throw new Error('the attacker has its sums');
  const changed = { ...sums, sigma: modulo(sums.sigma + 1n, q) };
  return { sums: changed, T: commitTo(set, changed), ssid };
}

function toAll(ssid: Uint8Array, round: number): ProofContext {
  return place(ssid, LIAR, EVERYONE, round);
}

/** The S of another sigma for signer 4, well proved: the key comes out for one, and blame begins for the other. */
async function readyAndBlame(): Promise<Attempt> {
  const { key, begun } = await signingSession();
  const seen: Seen = {};
  const otherT = toFourth('sums', (body) => {
    const { sums, T, ssid } = otherSigma(seen);
    const proof = proveT(set, toAll(ssid, 3), { T }, sums, random);
    return altered(bodies.round3, () => ({ T, proof }))(body);
  });
  const otherS = toFourth('s', (body) => {
    const { sums, T, ssid } = otherSigma(seen);
    const S = group.multiplySecret(seen.R, sums.sigma);
    const proof = proveS(set, toAll(ssid, 6), { R: seen.R, S, T }, sums, random);
    return altered(bodies.round6, () => ({ S, proof }))(body);
  });
  const run = await signed({
    work: { [LIAR]: watching(key.compute, seen) },
    tamper: (message) => (message.round === 'sums' ? otherT(message) : otherS(message)),
  });
  const isSplit = run.said.includes('4 opening-7') && run.said.includes('1 ready');
  if (begun.signed === undefined) throw new Error('something is signed');
  return isSplit
    ? unstopped('k of one signer, whose presignature is ready for another')
    : framing(run);
}

/** Signer 2 adds up wrongly, and does not open. */
async function silentInBlame(): Promise<Attempt> {
  const { key } = await signingSession();
  const wrong = corruptWork(key.compute, (name, input) => {
    if (name !== 'gg20/sum-products') return input;
    const { secret } = input as { readonly secret: { readonly products: readonly Uint8Array[] } };
    // The last byte is one of mu.
    const products = secret.products.map((each, position) =>
      each.map((byte, at) => (position === 0 && at === each.length - 1 ? byte ^ 1 : byte)),
    );
    return { ...input, secret: { ...secret, products } };
  });
  const { outcomes } = await signed({
    work: { [LIAR]: wrong },
    tamper: ({ from, round, body }) => (from === LIAR && round === 'opening-7' ? undefined : body),
  });
  const silent = HONEST.map((i: PartyIndex) => {
    const outcome = outcomes.get(i);
    return outcome?.ok === false && outcome.error instanceof SilentInBlame
      ? outcome.error.silent.join()
      : 'nobody';
  });
  return silent.every((each) => each === String(LIAR))
    ? stoppedBy('signer 2 is known to be silent, and is no culprit')
    : unstopped('a failure of which nobody knows who kept silent');
}

export const ECHOES: Removal = {
  file: 'mpc/reliable.js',
  find: 'if (evidence.length === 0)\n            return;\n        const culprits',
  replace: 'return;\n        const culprits',
};

export const VIEWS: readonly Gg20Attack[] = [
  {
    row: 24,
    name: 'one commitment to Gamma for one signer, another for the other, and both open',
    culprit: LIAR,
    stopped: 'Broadcasts of nonce differ, or an echo of them',
    removed: [ECHOES],
    run: twoCommitments,
  },
  {
    row: 26,
    name: 'an S that is right for one signer and wrong for the other, well proved to both',
    culprit: LIAR,
    stopped: 'Broadcasts of sums differ, or an echo of them',
    removed: [ECHOES],
    run: readyAndBlame,
  },
  {
    row: 37,
    name: 'one rid for one signer, another for the other',
    culprit: LIAR,
    stopped: 'Broadcasts of nonce differ, or an echo of them',
    removed: [ECHOES],
    run: twoRids,
  },
  {
    row: 41,
    name: 'a signer that failed a sum does not open',
    stopped: 'signer 2 is known to be silent, and is no culprit',
    removed: [
      gg20(
        'session/blame.js',
        'throw new SilentInBlame(',
        'throw error;\n        new SilentInBlame(',
      ),
    ],
    run: silentInBlame,
  },
  {
    row: 44,
    name: 'one delta for one signer, another for the other, so that honest proofs of Rb fail',
    culprit: LIAR,
    stopped: 'Broadcasts of sums differ, or an echo of them',
    removed: [ECHOES],
    run: twoDeltas,
  },
];
