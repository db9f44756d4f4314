import {
  Modulus,
  PaillierPublicKey,
  randomBelow,
  randomScalar,
  randomUnit,
  RingPedersen,
} from '../src/crypto/index.js';
import {
  aliceLayout,
  bobLayout,
  bobWcLayout,
  curvesOver,
  facLayout,
  modLayout,
  parameterSet,
  prmLayout,
  proveAlice,
  proveBob,
  proveBobWc,
  proveFac,
  proveMod,
  provePrm,
  proveR,
  proveS,
  proveT,
  PROFILES,
  rLayout,
  sLayout,
  tLayout,
  verifyAlice,
  verifyBob,
  verifyBobWc,
  verifyFac,
  verifyMod,
  verifyPrm,
  verifyR,
  verifyS,
  verifyT,
  type Layout,
  type ParameterSet,
  type ProfileName,
} from '../src/gg20/index.js';
import { chooseBackends, groupsBy, systemRandom as random } from '../src/machine/index.js';
import { testMaterial } from '../test/support/builders/gg20.js';
import { CLOCKS, measure, type Figure } from './measure.js';

const RUNS = 10;
const WARM_UP = 2;
const TIMED = { warmUp: WARM_UP, now: CLOCKS.processor };
/** Of proofs with 128 repetitions, which take a second. */
const LONG_RUNS = 3;

/** Powers, encryption, and each proof with its size, for both profiles on secp256k1: processor time. */
export async function gg20Figures(): Promise<readonly Figure[]> {
  const { names } = await chooseBackends('auto');
  const { secp256k1 } = curvesOver(await groupsBy(names));
  const figures = await powers();
  for (const profile of ['P2048', 'P3072'] as const) {
    figures.push(...(await proofs(profile, parameterSet(secp256k1, PROFILES[profile]))));
  }
  return figures;
}

async function powers(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const bits of [1024, 1536, 2048, 3072, 4096, 6144]) {
    const modulus = new Modulus(
      randomBelow(2n ** BigInt(bits - 1), random) | (1n << BigInt(bits - 1)) | 1n,
    );
    const [base, exponent] = [
      randomBelow(modulus.value, random),
      randomBelow(modulus.value, random),
    ];
    const name = `power, modulus and exponent of ${bits} bits`;
    figures.push(await measure(name, RUNS, () => modulus.power(base, exponent), TIMED));
  }
  return figures;
}

async function proofs(profile: ProfileName, set: ParameterSet): Promise<Figure[]> {
  const { group, H } = set.curve;
  const [mine, theirs] = [testMaterial(profile, 1), testMaterial(profile, 2)];
  const { key } = mine;
  const shownKey = new PaillierPublicKey(key.N);
  const [toMe, toThem] = [shown(mine.trapdoor), shown(theirs.trapdoor)];
  const context = { ssid: random.bytes(32), prover: 1, verifier: 2, round: 1 };
  const m = randomScalar(group.order, random);
  const y = randomBelow(set.ranges.beta, random);
  const r = randomUnit(key.N, random);
  const c = key.encrypt(m, r);
  const c2 = shownKey.modNN.multiply(shownKey.power(c, m), shownKey.encrypt(y, r));
  const [R, X] = [group.multiplyBase(77n), group.multiplyBase(m)];
  const S = group.multiplySecret(R, m);
  const T = group.add(X, group.multiplySecret(H, m));
  const sigma = { sigma: m, l: m };

  const figures: Figure[] = [];
  const take = async (
    name: string,
    run: () => unknown,
    runs = RUNS,
    bytes?: number,
  ): Promise<void> => {
    const figure = await measure(`${profile} ${name}`, runs, run, {
      ...TIMED,
      warmUp: runs === RUNS ? WARM_UP : 0,
    });
    figures.push({ ...figure, ...(bytes !== undefined && { bytes }) });
  };
  const proof = async <V>(
    name: string,
    layout: Layout<V>,
    prove: () => V,
    verify: (made: V) => string | undefined,
    runs = RUNS,
  ): Promise<void> => {
    const made = prove();
    await take(`prove ${name}`, prove, runs, layout.byteLength);
    await take(`verify ${name}`, () => holds(verify(made)), runs);
  };

  await take('encrypt, own key', () => key.encrypt(m, r));
  await take('encrypt, another’s key', () => shownKey.encrypt(m, r));
  await take('decrypt', () => key.decryptSigned(c));
  const alice = { key, c, to: toThem };
  await proof(
    'Pi_alice',
    aliceLayout(set),
    () => proveAlice(set, context, alice, { m, r }, random),
    (made) => verifyAlice(set, context, { key: shownKey, c, to: theirs.trapdoor }, made),
  );
  const bob = { key: shownKey, c1: c, c2, to: toMe };
  await proof(
    'Pi_bob',
    bobLayout(set),
    () => proveBob(set, context, bob, { x: m, y, r }, random),
    (made) => verifyBob(set, context, { ...bob, key, to: mine.trapdoor }, made),
  );
  await proof(
    'Pi_bob_wc',
    bobWcLayout(set),
    () => proveBobWc(set, context, { ...bob, X }, { x: m, y, r }, random),
    (made) => verifyBobWc(set, context, { ...bob, X, key, to: mine.trapdoor }, made),
  );
  await proof(
    'Pi_R',
    rLayout(set),
    () => proveR(set, context, { ...alice, R, Rb: S }, { m, r }, random),
    (made) => verifyR(set, context, { key: shownKey, c, to: theirs.trapdoor, R, Rb: S }, made),
  );
  await proof(
    'Pi_T',
    tLayout(set),
    () => proveT(set, context, { T }, sigma, random),
    (made) => verifyT(set, context, { T }, made),
  );
  await proof(
    'Pi_S',
    sLayout(set),
    () => proveS(set, context, { R, S, T }, sigma, random),
    (made) => verifyS(set, context, { R, S, T }, made),
  );
  await proof(
    'Pi_mod',
    modLayout(set),
    () => proveMod(set, context, { key }, random),
    (made) => verifyMod(set, context, { key: shownKey }, made),
    LONG_RUNS,
  );
  await proof(
    'Pi_prm',
    prmLayout(set),
    () => provePrm(set, context, mine.trapdoor, random),
    (made) => verifyPrm(set, context, { to: toMe }, made),
    LONG_RUNS,
  );
  await proof(
    'Pi_fac',
    facLayout(set),
    () => proveFac(set, context, key, toThem, random),
    (made) => verifyFac(set, context, { N0: key.N, to: theirs.trapdoor }, made),
  );
  return figures;
}

/** The same without the trapdoor. */
function shown({ Nh, s, t }: RingPedersen): RingPedersen {
  return new RingPedersen(Nh, s, t);
}

function holds(failed: string | undefined): void {
  if (failed !== undefined) throw new Error(`a proof that does not hold: ${failed}`);
}
