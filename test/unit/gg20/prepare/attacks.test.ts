import { describe, expect, test } from '@jest/globals';
import type { PartyIndex } from '../../../../src/common/index.js';
import { decodeBigEndian, encodeBigEndian, isPrime, jacobi } from '../../../../src/crypto/index.js';
import {
  judgePrepare,
  judgeReusedModulus,
  modLayout,
  prepareReason,
  type PrepareReason,
} from '../../../../src/gg20/index.js';
import { parametersHash } from '../../../../src/gg20/prepare/checks.js';
import type { MadeMaterial, ProvedParameters } from '../../../../src/gg20/prepare/jobs.js';
import type { OpenBody, ProveBody, ProveEachBody } from '../../../../src/gg20/index.js';
import type { Envelope } from '../../../../src/wire/index.js';
import {
  abortOf,
  corruptCompute,
  madeBy,
  memorySeen,
  PREPARE_SETS,
  resigned,
  runPrepare,
  shownMessage,
  testPrimes,
  type PrepareExchange,
  type PrepareRunOptions,
} from '../../../support/builders/gg20-prepare.js';
import { testSigner } from '../../../support/builders/frost-exchange.js';

const set = PREPARE_SETS.small;
const L8 = set.widths.modulus;
const number = (value: bigint): Uint8Array => encodeBigEndian(value, L8);

/** The attacker of three members. */
const ATTACKER = 2;
const HONEST: readonly PartyIndex[] = [1, 3];

/** The bytes with one bit changed. */
function flipped(bytes: Uint8Array, at = bytes.length - 1): Uint8Array {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

/** Material in which some numbers are others. */
function withMaterial(
  change: (
    right: Record<'N' | 'Nh' | 's' | 't', bigint>,
  ) => Partial<Record<'N' | 'Nh' | 's' | 't', bigint>>,
): PrepareRunOptions {
  const work = corruptCompute((name, output) => {
    if (name !== 'gg20/make-material') return output;
    const { secret, material } = output as MadeMaterial;
    const numbers = {
      N: decodeBigEndian(material.N),
      Nh: decodeBigEndian(material.Nh),
      s: decodeBigEndian(material.s),
      t: decodeBigEndian(material.t),
    };
    const changed = Object.entries(change(numbers)).map(([key, value]) => [key, number(value)]);
    return { secret, material: { ...material, ...Object.fromEntries(changed) } };
  });
  return { corruptWork: { [ATTACKER]: work } };
}

/** The output of one job of the attacker's, changed. */
function withWork<O>(
  job: string,
  change: (output: O, input: { readonly verifier?: number }) => O,
): PrepareRunOptions {
  const work = corruptCompute((name, output, input) =>
    name === job ? change(output as O, input as { readonly verifier?: number }) : output,
  );
  return { corruptWork: { [ATTACKER]: work } };
}

/** What the attacker says in one round, changed. */
function withWords<A, E = never>(
  round: string,
  change: (all: A) => A,
  each: (value: E, to: PartyIndex) => E = (value) => value,
): PrepareRunOptions {
  return {
    corruptWords: {
      [ATTACKER]: (name, mine) => {
        if (name !== round) return mine;
        const said = mine as { readonly all: A; readonly each?: (to: PartyIndex) => E };
        const own = said.each;
        return {
          all: change(said.all),
          ...(own !== undefined && { each: (to: PartyIndex) => each(own(to), to) }),
        };
      },
    },
  };
}

/** A prime of exactly so many bits that is 3 modulo 4. */
function primeOf(bits: number): bigint {
  let prime = (1n << BigInt(bits)) - 1n;
  while (!isPrime(prime)) prime -= 4n;
  return prime;
}

/** A number of the modulus's length with small prime factors. */
function smooth(): bigint {
  const rest = primeOf(8 * L8 - 16);
  return rest * 65_521n;
}

/** A square of the modulus's length. */
function square(): bigint {
  return primeOf(4 * L8) ** 2n;
}

/** An element of Jacobi symbol −1. */
function nonResidue(modulus: bigint): bigint {
  let value = 2n;
  while (jacobi(value, modulus) !== -1) value += 1n;
  return value;
}

type Attack = {
  readonly name: string;
  readonly reason: PrepareReason;
  /** Of the message with which honest members end. */
  readonly says: RegExp;
  readonly options: () => PrepareRunOptions;
};

const ATTACKS: readonly Attack[] = [
  {
    name: 'check a: other random bytes than were committed to',
    reason: 'WRONG_MATERIAL',
    says: /the commitment opens/,
    options: () => withWords<OpenBody>('open', (all) => ({ ...all, rid: flipped(all.rid) })),
  },
  {
    name: 'check a: another N than was committed to',
    reason: 'WRONG_MATERIAL',
    says: /the commitment opens/,
    options: () =>
      withWords<OpenBody>('open', (all) => ({ ...all, N: number(decodeBigEndian(all.N) + 4n) })),
  },
  ...(
    [
      ['an even N', 'odd', ({ N }) => ({ N: N + 1n })],
      ['an N of one bit less', 'its length', ({ N }) => ({ N: N >> 1n })],
      ['an N with a small factor (row 3)', 'no small factor', () => ({ N: smooth() })],
      ['an N that is a square', 'no power', () => ({ N: square() })],
      ['a prime N (row 6)', 'not prime', () => ({ N: primeOf(8 * L8) })],
      ['an even Nh', 'odd', ({ Nh }) => ({ Nh: Nh + 1n })],
      ['an Nh of one bit less', 'its length', ({ Nh }) => ({ Nh: Nh >> 1n })],
      ['an Nh with a small factor', 'no small factor', () => ({ Nh: smooth() })],
      ['an Nh that is a square', 'no power', () => ({ Nh: square() })],
      ['a prime Nh', 'not prime', () => ({ Nh: primeOf(8 * L8) })],
    ] as const satisfies readonly [
      string,
      string,
      (right: Record<'N' | 'Nh' | 's' | 't', bigint>) => Partial<Record<'N' | 'Nh', bigint>>,
    ][]
  ).map(([what, says, change]): Attack => ({
    name: `check d: ${what}`,
    reason: 'WRONG_MATERIAL',
    says: new RegExp(`the modulus (is|has) ${says}`),
    options: () => withMaterial(change),
  })),
  ...(
    [
      ['t = 1 (row 7)', 'trivial', () => ({ t: 1n })],
      ['s = −1, of order 2 (row 35)', 'trivial', ({ Nh }) => ({ s: Nh - 1n })],
      ['s = t', 'trivial', ({ t }) => ({ s: t })],
      ['an s that is no unit', 'units', ({ Nh }) => ({ s: testFactor(Nh) })],
      ['a t of Jacobi symbol −1', 'Jacobi', ({ Nh }) => ({ t: nonResidue(Nh) })],
    ] as const satisfies readonly [
      string,
      string,
      (right: Record<'N' | 'Nh' | 's' | 't', bigint>) => Partial<Record<'s' | 't', bigint>>,
    ][]
  ).map(([what, says, change]): Attack => ({
    name: `check f: ${what}`,
    reason: 'WRONG_MATERIAL',
    says: new RegExp(says),
    options: () => withMaterial(change),
  })),
  {
    name: 'check g: s = −t^lambda (row 7)',
    reason: 'WRONG_PARAMETERS',
    says: /Pi_prm: every power is right/,
    options: () => withMaterial(({ Nh, s }) => ({ s: Nh - s })),
  },
  {
    name: 'check g: a proof that does not hold',
    reason: 'WRONG_PARAMETERS',
    says: /Pi_prm/,
    options: () =>
      withWork<ProvedParameters>('gg20/prove-parameters', ({ proof }) => {
        const wrong = flipped(proof);
        return { proof: wrong, proofHash: parametersHash(wrong) };
      }),
  },
  {
    name: 'check g: another proof than was committed to',
    reason: 'WRONG_PARAMETERS',
    says: /the proof is the one that was opened/,
    options: () =>
      withWords<{ proof: Uint8Array }>('parameters', ({ proof }) => ({ proof: flipped(proof) })),
  },
  {
    name: 'check h: a proof that does not hold',
    reason: 'WRONG_MODULUS_PROOF',
    says: /Pi_mod/,
    options: () => withWork<Uint8Array>('gg20/prove-modulus', (proof) => flipped(proof, L8 + 9)),
  },
  {
    name: 'check h: w = 0, of which every x = 0 is a root (row 4)',
    reason: 'WRONG_MODULUS_PROOF',
    says: /Pi_mod: w is a unit/,
    options: () =>
      withWork<Uint8Array>('gg20/prove-modulus', (proof) => {
        const layout = modLayout(set);
        const right = layout.decode(proof);
        if (right === undefined) throw new Error('a proof');
        const b = Uint8Array.of(255);
        return layout.encode({ ...right, w: 0n, x: right.x.map(() => 0n), b });
      }),
  },
  {
    name: 'check h: an N of three primes (row 3)',
    reason: 'WRONG_MODULUS_PROOF',
    says: /Pi_mod/,
    options: () => withMaterial(() => ({ N: primeOf(344) * primeOf(342) * primeOf(338) })),
  },
  {
    name: 'check i: a proof that does not hold',
    reason: 'WRONG_FACTOR_PROOF',
    says: /Pi_fac/,
    options: () => withWork<Uint8Array>('gg20/prove-factors', (proof) => flipped(proof)),
  },
  {
    name: 'check i: a number whose sign is not spelt as it must be',
    reason: 'WRONG_FACTOR_PROOF',
    says: /Pi_fac cannot be read/,
    options: () =>
      withWork<Uint8Array>('gg20/prove-factors', (proof) => {
        const wrong = proof.slice();
        wrong[5 * L8] = 2;
        return wrong;
      }),
  },
  {
    name: 'a proof of N for other random bytes than were opened (row 37)',
    reason: 'WRONG_STATEMENT',
    says: /the statement is the one that was opened/,
    options: () =>
      withWords<ProveBody, ProveEachBody>('prove', ({ rids, proof }) => ({
        proof,
        rids: rids.map((rid, at) => (at === 0 ? flipped(rid) : rid)),
      })),
  },
  {
    name: 'proofs of factors for other random bytes than were opened (row 37)',
    reason: 'WRONG_STATEMENT',
    says: /the statement is the one that was opened/,
    options: () =>
      withWords<ProveBody, ProveEachBody>(
        'prove',
        (all) => all,
        (each) => ({ ...each, rids: each.rids.map((rid, at) => (at === 1 ? flipped(rid) : rid)) }),
      ),
  },
  {
    name: 'proofs of factors under other bases than their receiver’s (row 11)',
    reason: 'WRONG_STATEMENT',
    says: /the statement is the one that was opened/,
    options: () =>
      withWords<ProveBody, ProveEachBody>(
        'prove',
        (all) => all,
        (each) => ({ ...each, s: each.t, t: each.s }),
      ),
  },
];

/** A prime of party 2's Nh. */
function testFactor(Nh: bigint): bigint {
  const [p] = testPrimes('small', ATTACKER).ringPedersen;
  if (Nh % p !== 0n) throw new Error('Nh is of the attacker’s primes');
  return p * 4n;
}

/** Whether the evidence shows the fault of the party to a judge who was not there. */
function judged(run: PrepareExchange, evidence: readonly Envelope[], index = ATTACKER) {
  const messages = evidence.map(shownMessage);
  const reason = prepareReason(messages);
  const { facts, sessionId } = run;
  return {
    reason,
    shows: reason !== undefined && judgePrepare({ set, facts, sessionId, index }, reason, messages),
  };
}

describe('messages that fail a check', () => {
  test.each(ATTACKS)('$name: every honest member names the attacker', async (attack) => {
    const run = await runPrepare(attack.options());
    for (const party of HONEST) {
      const abort = abortOf(run, party);
      expect(abort.culprits).toEqual([ATTACKER]);
      expect(abort.message).toMatch(attack.says);
      const shown = [...abort.evidence, ...(abort.beside.get(ATTACKER) ?? [])];
      expect(judged(run, shown)).toEqual({ reason: attack.reason, shows: true });
    }
  });

  test('all that fail are named, each with its own messages', async () => {
    const { corruptWork } = withMaterial(({ N }) => ({ N: N + 1n }));
    const work = corruptWork?.[ATTACKER];
    if (work === undefined) throw new Error('an attacker');
    const run = await runPrepare({ count: 4, corruptWork: { 2: work, 3: work } });
    for (const party of [1, 4]) {
      const { culprits, evidence } = abortOf(run, party);
      expect(culprits).toEqual([2, 3]);
      for (const index of culprits) {
        const own = evidence.filter(({ from }) => from === index);
        expect(judged(run, own, index)).toEqual({ reason: 'WRONG_MATERIAL', shows: true });
      }
    }
  });

  test('a proof for another member is shown by its receiver alone', async () => {
    const toThird: Uint8Array[] = [];
    const run = await runPrepare(
      withWork<Uint8Array>('gg20/prove-factors', (proof, { verifier }) => {
        if (verifier === 1) toThird.push(proof);
        return verifier === 3 ? (toThird[0] ?? proof) : proof;
      }),
    );
    expect(abortOf(run, 3)).toMatchObject({ culprits: [ATTACKER] });
    expect(judged(run, abortOf(run, 3).evidence)).toEqual({
      reason: 'WRONG_FACTOR_PROOF',
      shows: true,
    });
    expect(run.outcomes[0]).toHaveProperty('made');
  });

  test('a signed message of another length is its sender’s fault', async () => {
    const signers = [1, 2, 3].map((at) => testSigner(`node-${at}`));
    for (const kind of ['commit', 'open', 'parameters', 'prove']) {
      const run = await runPrepare({
        signers,
        tamper: (from, _to, envelope) =>
          from === ATTACKER && envelope.kind === `prepare/${kind}`
            ? [resigned(signers[1], envelope, (body) => body.subarray(1))]
            : [envelope],
      });
      const { culprits, evidence } = abortOf(run, 1);
      expect(culprits).toEqual([ATTACKER]);
      const [first] = evidence;
      expect(judged(run, first ? [first] : [])).toEqual({
        reason: 'UNREADABLE_MESSAGE',
        shows: true,
      });
    }
  });
});

describe('moduli that are not new', () => {
  test('two members with the same primes end the run, and nobody is named', async () => {
    const run = await runPrepare({
      primes: (party) => testPrimes('small', party === 3 ? 2 : party),
    });
    for (const party of [1, 2, 3]) expect(abortOf(run, party).culprits).toEqual([]);
  });

  test('two members with the same random bytes end the run, and nobody is named', async () => {
    const run = await runPrepare({ seedOf: (party) => (party === 3 ? 2 : party) });
    for (const party of [1, 2, 3]) expect(abortOf(run, party).culprits).toEqual([]);
  });

  test('a member that uses its primes again is named by its two openings (row 34)', async () => {
    const signers = [1, 2, 3].map((at) => testSigner(`node-${at}`));
    const seen = { 1: memorySeen(), 2: memorySeen(), 3: memorySeen() };
    const earlier = await runPrepare({ signers, seen });
    madeBy(earlier);
    const later = { sessionId: new Uint8Array(32).fill(8), generation: 2 };
    const run = await runPrepare({
      signers,
      seen,
      ...later,
      primes: (party) =>
        testPrimes('small', party === ATTACKER ? ATTACKER : 4 + Number(party === 3)),
    });
    for (const party of HONEST) {
      const { culprits, evidence } = abortOf(run, party);
      expect(culprits).toEqual([ATTACKER]);
      const openings = evidence.map((message) => ({
        sessionId: message.sessionId,
        message: shownMessage(message),
      }));
      const [one, other] = openings;
      if (one === undefined || other === undefined) throw new Error('two openings');
      expect(judgeReusedModulus(set, [one, other])).toBe(true);
      expect(judgeReusedModulus(set, [one, one])).toBe(false);
    }
  });

  test('a modulus that another member once opened ends the run, and nobody is named', async () => {
    const seen = { 1: memorySeen(), 2: memorySeen(), 3: memorySeen() };
    madeBy(await runPrepare({ seen }));
    const sessionId = new Uint8Array(32).fill(8);
    // The members have other identity keys now.
    const run = await runPrepare({ seen, sessionId });
    expect(abortOf(run, 1).culprits).toEqual([]);
  });
});

describe('equivocation and silence', () => {
  const signers = [1, 2, 3].map((at) => testSigner(`node-${at}`));

  test.each(['commit', 'open', 'parameters', 'prove'])(
    'two bodies of %s name their sender, and no other',
    async (round) => {
      const run = await runPrepare({
        signers,
        tamper: (from, to, envelope) =>
          from === ATTACKER && to === 3 && envelope.kind === `prepare/${round}` && envelope.to === 0
            ? [resigned(signers[1], envelope, (body) => flipped(body))]
            : [envelope],
      });
      for (const party of HONEST) {
        const { culprits, evidence } = abortOf(run, party);
        expect(culprits).toEqual([ATTACKER]);
        expect(evidence.map(({ kind, from }) => [kind, from])).toEqual(
          evidence.map(() => [`prepare/${round}`, ATTACKER]),
        );
        expect(evidence).toHaveLength(2);
      }
    },
  );

  test('two proofs to one receiver name their sender', async () => {
    const run = await runPrepare({
      signers,
      tamper: (from, to, envelope) =>
        from === ATTACKER && to === 3 && envelope.kind === 'prepare/prove' && envelope.to === 3
          ? [envelope, resigned(signers[1], envelope, (body) => flipped(body))]
          : [envelope],
    });
    expect(abortOf(run, 3)).toMatchObject({ culprits: [ATTACKER] });
  });

  test.each(['commit', 'open', 'parameters', 'prove'])(
    'a member that is silent from %s on is waited for, and blamed by nobody',
    async (round) => {
      const order = ['commit', 'open', 'parameters', 'prove'];
      const silent = order.slice(order.indexOf(round));
      const run = await runPrepare({
        tamper: (from, _to, envelope) =>
          from === ATTACKER && silent.some((each) => envelope.kind.startsWith(`prepare/${each}`))
            ? []
            : [envelope],
      });
      for (const party of HONEST) expect(run.outcomes[party - 1]).toBe('waiting');
    },
  );

  test('repeated messages change nothing', async () => {
    const run = await runPrepare({ tamper: (_from, _to, envelope) => [envelope, envelope] });
    expect(madeBy(run)).toHaveLength(3);
  });
});

describe('false accusations', () => {
  test('the messages of an honest member show no fault, whatever is claimed of them', async () => {
    const said: Envelope[] = [];
    const run = await runPrepare({
      tamper: (_from, to, envelope) => {
        if (to === 3) said.push(envelope);
        return [envelope];
      },
    });
    madeBy(run);
    const of = (kind: string, from: PartyIndex, isToAll = true) =>
      said.filter(
        (each) =>
          each.kind === `prepare/${kind}` && each.from === from && (each.to === 0) === isToAll,
      );
    const accusations: readonly (readonly Envelope[])[] = [
      ...['commit', 'open', 'parameters', 'prove'].map((kind) => of(kind, 1)),
      [...of('commit', 1), ...of('open', 1)],
      [...of('open', 1), ...of('parameters', 1)],
      [...of('open', 1), ...of('prove', 1)],
      [...of('open', 1), ...of('prove', 1, false)],
      [...of('open-echo', 1), ...of('prove', 1), ...of('open', 2)],
      [...of('open-echo', 1), ...of('prove', 1, false), ...of('open', 2)],
    ];
    const reasons = accusations.map((messages) => judged(run, messages, 1));
    expect(reasons.map(({ reason }) => reason)).not.toContain(undefined);
    expect(reasons.filter(({ shows }) => shows)).toEqual([]);
  });

  test('messages of two members show no fault of either', async () => {
    const run = await runPrepare(withMaterial(({ N }) => ({ N: N + 1n })));
    const { evidence } = abortOf(run, 1);
    expect(judged(run, evidence, 1).shows).toBe(false);
    expect(judged(run, evidence.toReversed()).shows).toBe(false);
    expect(judged(run, [...evidence, ...evidence]).shows).toBe(false);
  });

  test('an opening that its alleged hearer never heard does not make its proof a wrong one', async () => {
    const said: Envelope[] = [];
    const signers = [1, 2, 3].map((at) => testSigner(`node-${at}`));
    const run = await runPrepare({
      signers,
      tamper: (_from, to, envelope) => {
        if (to === 3) said.push(envelope);
        return [envelope];
      },
    });
    const of = (kind: string, from: PartyIndex) =>
      said.filter((each) => each.kind === `prepare/${kind}` && each.from === from && each.to === 0);
    // Party 2 signs another opening afterwards, to frame party 1.
    const framing = of('open', 2).map((each) =>
      resigned(signers[1], each, (body) => flipped(body, body.length - 1)),
    );
    const messages = [...of('open-echo', 1), ...of('prove', 1), ...framing];
    expect(judged(run, messages, 1)).toEqual({ reason: 'WRONG_STATEMENT', shows: false });
  });
});
