import type { PartyIndex } from '../../../src/common/index.js';
import {
  answerNonce,
  checkNonce,
  checkRb,
  checkRbSum,
  checkS,
  checkSums,
  commonNonce,
  echoOf,
  openNonce,
  presignatureSecret,
  presignBodies,
  presignSsid,
  privateHashes,
  proveNonce,
  proveRb,
  publicPresignature,
  showGamma,
  showRb,
  showS,
  sumProducts,
  takeAnswer,
  type AnswerMasks,
  type Fault,
  type NonceSecrets,
  type PresignFailure,
  type Products,
  type SumSecrets,
  type PresignResult,
  type PublicPresignature,
  type Round1,
  type Round1Each,
  type Round2Each,
  type Round3,
  type Round4,
  type Round5,
  type Round5Each,
  type Round6,
  type SignerSession,
} from '../../../src/gg20/index.js';
import { seededRandom } from './frost-exchange.js';
import type { TestKey } from './gg20-signers.js';

/** Everything that is sent, by round, then sender, then receiver (0: all), as values. */
export type Sent = {
  round1: Round1;
  round1Each: Round1Each;
  round2Each: Round2Each<unknown>;
  round3: Round3<unknown>;
  round4: Round4<unknown>;
  round5: Round5<unknown>;
  round5Each: Round5Each<unknown>;
  round6: Round6<unknown>;
};

/** Changes what one signer sends. `to` is 0 for a broadcast. */
export type PresignTamper = <N extends keyof Sent>(
  name: N,
  from: PartyIndex,
  to: PartyIndex,
  value: Sent[N],
) => Sent[N];

/** All that was said and known in a run, as far as it came. */
export type PresignTrace = {
  ssid: Uint8Array;
  opened: ReadonlyMap<PartyIndex, NonceSecrets<unknown>>;
  /** By Bob, then Alice. */
  masks: ReadonlyMap<PartyIndex, ReadonlyMap<PartyIndex, AnswerMasks>>;
  answers: ReadonlyMap<PartyIndex, ReadonlyMap<PartyIndex, Round2Each<unknown>>>;
  products: ReadonlyMap<PartyIndex, ReadonlyMap<PartyIndex, Products>>;
  sums: ReadonlyMap<PartyIndex, SumSecrets>;
  round1: ReadonlyMap<PartyIndex, Round1>;
  round3: ReadonlyMap<PartyIndex, Round3<unknown>>;
  round5: ReadonlyMap<PartyIndex, Round5<unknown>>;
  round6: ReadonlyMap<PartyIndex, Round6<unknown>>;
  R: unknown;
};

export type PresignOptions = {
  readonly seed?: number;
  /** Filled in as the run goes. */
  readonly trace?: Partial<PresignTrace>;
  /** What a signer takes for the products with another one when it adds them up. */
  readonly products?: (i: PartyIndex, j: PartyIndex, right: Products) => Products;
};

export type PresignOutcome =
  | {
      readonly ok: true;
      readonly presignature: PublicPresignature<unknown>;
      readonly secret: Uint8Array;
    }
  | { readonly ok: false; readonly failure: PresignFailure };

class Stopped extends Error {
  readonly failure: PresignFailure;
  constructor(failure: PresignFailure) {
    super(JSON.stringify(failure));
    this.failure = failure;
  }
}

/** Bodies by sender, then receiver. */
type PrivatelySent = ReadonlyMap<
  PartyIndex,
  ReadonlyMap<PartyIndex, { readonly body: Uint8Array }>
>;

function need<K, V>(map: ReadonlyMap<K, V>, i: K): V {
  const value = map.get(i);
  if (value === undefined) throw new Error(`nothing of ${String(i)}`);
  return value;
}

function bodiesBy(sent: PrivatelySent, from: PartyIndex) {
  return new Map([...need(sent, from)].map(([j, { body }]) => [j, body]));
}

function check(faults: readonly Fault[]): void {
  if (faults.length > 0) throw new Stopped({ kind: 'faults', faults });
}

function valueOf<T>(result: PresignResult<T>): T {
  if (!result.ok) throw new Stopped(result.refusal);
  return result.value;
}

/**
 * Presigns among all signers by function calls, each round in order; every value passes through its bytes. One result for each
 * signer: after the first round that fails anywhere, all stop.
 */
export function presignAll(
  { sessions }: TestKey,
  tamper: PresignTamper = (_name, _from, _to, value) => value,
  { seed = 9, trace = {}, products: lie = (_i, _j, right) => right }: PresignOptions = {},
): ReadonlyMap<PartyIndex, PresignOutcome> {
  const signers = [...sessions.keys()];
  const randoms = new Map(signers.map((i) => [i, seededRandom(seed * 100 + i)]));
  const failures = new Map<PartyIndex, PresignFailure>();
  const [session] = sessions.values();
  if (session === undefined) throw new Error('there are signers');
  const layouts = presignBodies(session.set, signers.length);
  const { ssid0 } = session;

  const each = <V>(
    run: (s: SignerSession<unknown>, random: ReturnType<typeof seededRandom>) => V,
  ) =>
    new Map(
      signers.flatMap((i): [PartyIndex, V][] => {
        const mine = sessions.get(i);
        const random = randoms.get(i);
        if (mine === undefined || random === undefined) throw new Error('a session');
        try {
          return [[i, run(mine, random)]];
        } catch (error) {
          if (!(error instanceof Stopped)) throw error;
          failures.set(i, error.failure);
          return [];
        }
      }),
    );
  const othersOf = (i: PartyIndex) => signers.filter((j) => j !== i);
  const through = <N extends keyof Sent>(
    name: N,
    from: PartyIndex,
    to: PartyIndex,
    value: Sent[N],
  ) => {
    const layout = layouts[name] as unknown as {
      encode(v: Sent[N]): Uint8Array;
      decode(b: Uint8Array): Sent[N] | undefined;
    };
    const body = layout.encode(tamper(name, from, to, value));
    const read = layout.decode(body);
    if (read === undefined) throw new Error(`a body of ${name} that is not read`);
    return { body, value: read };
  };
  const broadcast = <N extends keyof Sent>(name: N, values: ReadonlyMap<PartyIndex, Sent[N]>) => {
    const sent = new Map([...values].map(([i, value]) => [i, through(name, i, 0, value)]));
    return {
      values: new Map([...sent].map(([i, { value }]) => [i, value])),
      bodies: new Map([...sent].map(([i, { body }]) => [i, body])),
    };
  };
  /** What each sends to each, by sender, then receiver. */
  const privately = <N extends keyof Sent>(
    name: N,
    make: (
      s: SignerSession<unknown>,
      j: PartyIndex,
      random: ReturnType<typeof seededRandom>,
    ) => Sent[N],
  ) =>
    each(
      (s, random) =>
        new Map(othersOf(s.index).map((j) => [j, through(name, s.index, j, make(s, j, random))])),
    );
  const bodiesFrom = (sent: PrivatelySent, to: PartyIndex) =>
    new Map(othersOf(to).map((j) => [j, need(need(sent, j), to).body]));
  const stop = () => {
    if (failures.size > 0) throw new Error('stopped');
  };

  try {
    const opened = each(openNonce);
    const one = broadcast('round1', new Map([...opened].map(([i, { all }]) => [i, all])));
    const oneEach = privately('round1Each', (s, j, random) =>
      proveNonce(s, need(opened, s.index).secrets, j, random),
    );
    const ssid = presignSsid(session, one.values);
    trace.ssid = ssid;
    trace.round1 = one.values;
    trace.opened = new Map([...opened].map(([i, { secrets }]) => [i, secrets]));

    const masks = new Map<string, ReturnType<typeof answerNonce>['masks']>();
    each((s) => {
      check(
        othersOf(s.index).flatMap((j) =>
          checkNonce(s, j, need(one.values, j), need(need(oneEach, j), s.index).value),
        ),
      );
    });
    stop();
    const twoEach = privately('round2Each', (s, j, random) => {
      const answer = answerNonce(
        s,
        ssid,
        need(opened, s.index).secrets,
        j,
        need(one.values, j),
        random,
      );
      masks.set(`${s.index}/${j}`, answer.masks);
      return answer.each;
    });

    trace.answers = new Map(
      [...twoEach].map(([i, sent]) => [i, new Map([...sent].map(([j, { value }]) => [j, value]))]),
    );
    trace.masks = new Map(
      signers.map((i) => [i, new Map(othersOf(i).map((j) => [j, need(masks, `${i}/${j}`)]))]),
    );

    const sums = each((s, random) => {
      const { secrets } = need(opened, s.index);
      const products = new Map(
        othersOf(s.index).map((j) => [
          j,
          valueOf(takeAnswer(s, ssid, secrets, j, need(need(twoEach, j), s.index).value)),
        ]),
      );
      const mine = new Map(othersOf(s.index).map((j) => [j, need(masks, `${s.index}/${j}`)]));
      const hashes = {
        hashes1: privateHashes(s, 1, bodiesBy(oneEach, s.index)),
        hashes2: privateHashes(s, 2, bodiesBy(twoEach, s.index)),
      };
      const told = new Map([...products].map(([j, right]) => [j, lie(s.index, j, right)]));
      return { products, ...sumProducts(s, ssid, secrets, mine, told, hashes, random) };
    });
    stop();
    const three = broadcast('round3', new Map([...sums].map(([i, { all }]) => [i, all])));
    trace.products = new Map([...sums].map(([i, { products }]) => [i, products]));
    trace.sums = new Map([...sums].map(([i, made]) => [i, made.sums]));
    trace.round3 = three.values;

    const inverses = each((s) =>
      valueOf(
        checkSums(s, ssid, three.values, {
          round1: bodiesFrom(oneEach, s.index),
          round2: bodiesFrom(twoEach, s.index),
        }),
      ),
    );
    stop();
    const shown = each((s, random) => showGamma(s, ssid, need(opened, s.index).secrets, random));
    const four = broadcast('round4', shown);

    const nonces = each((s) =>
      valueOf(commonNonce(s, ssid, one.values, four.values, need(inverses, s.index))),
    );
    stop();
    const ownFive = each((s) => showRb(s, need(opened, s.index).secrets, need(nonces, s.index)));
    const five = broadcast('round5', ownFive);
    trace.R = nonces.values().next().value;
    trace.round5 = five.values;
    const fiveEach = privately('round5Each', (s, j, random) =>
      proveRb(
        s,
        ssid,
        need(opened, s.index).secrets,
        need(nonces, s.index),
        need(ownFive, s.index),
        j,
        random,
      ),
    );

    each((s) => {
      check(
        othersOf(s.index).flatMap((j) =>
          checkRb(
            s,
            ssid,
            need(nonces, s.index),
            j,
            need(one.values, j),
            need(five.values, j),
            need(need(fiveEach, j), s.index).value,
          ),
        ),
      );
      valueOf(checkRbSum(s, five.values));
    });
    stop();
    const six = broadcast(
      'round6',
      each((s, random) =>
        showS(
          s,
          ssid,
          need(nonces, s.index),
          need(sums, s.index).sums,
          need(sums, s.index).all,
          privateHashes(s, 5, bodiesBy(fiveEach, s.index)),
          random,
        ),
      ),
    );

    trace.round6 = six.values;
    const echoes = [one, three, four, five, six].map(({ bodies }, at) =>
      echoOf(ssid0, [1, 3, 4, 5, 6][at] ?? 0, bodies),
    );
    const made = each((s) => {
      const R = need(nonces, s.index);
      valueOf(checkS(s, ssid, R, three.values, six.values, bodiesFrom(fiveEach, s.index)));
      const rounds = { sums: three.values, Rb: five.values, S: six.values };
      return {
        ok: true as const,
        presignature: publicPresignature(s, ssid, R, rounds, echoes),
        secret: presignatureSecret(s, need(opened, s.index).secrets, need(sums, s.index).sums),
      };
    });
    stop();
    return made;
  } catch (error) {
    if (failures.size === 0) throw error;
    return new Map([...failures].map(([i, failure]) => [i, { ok: false as const, failure }]));
  }
}
