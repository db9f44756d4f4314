import { createDiffieHellman } from 'node:crypto';

import { gcd, modulo, PaillierSecretKey, testPowers } from '../../../src/crypto/index.js';
import { Crt } from '../../../src/crypto/modular/crt.js';
import { Modulus, type PowerSource } from '../../../src/crypto/modular/modulus.js';
import { proveMod, provePrm } from '../../../src/gg20/index.js';
import { modTargets } from '../../../src/gg20/zk/mod.js';
import { prmChallenge } from '../../../src/gg20/zk/prm.js';
import { crypto, gg20, stoppedBy, unstopped } from './attack.js';
import type { Attempt, Gg20Attack, Removal } from './attack.js';
import { attackersPlace, freshSsid, random, set, victim } from './pair.js';

/** Square and multiply, in a time that depends on the exponent. */
const IN_JAVASCRIPT =
  'let [r, b, n] = [1n, base, exponent]; while (n > 0n) { if (n & 1n) r = (r * b) % this.value; b = (b * b) % this.value; n >>= 1n; } return r;';

/** What a function throws, as it is said: what stops an attack that nobody is named for. */
function refusedOr(attempt: () => Attempt): Attempt {
  try {
    return attempt();
  } catch (error) {
    return stoppedBy(String(error));
  }
}

/** A power that OpenSSL refuses, blinded too: every power with this exponent is 1 or −1. */
function refusedPower(): Attempt {
  const { first } = victim.own.key.primes;
  return refusedOr(() => {
    const power = first.power(5n, (first.value - 1n) / 2n);
    return unstopped(`a power that OpenSSL did not compute: ${power === 1n ? '1' : '−1'}`);
  });
}

/** OpenSSL, and how often it was asked: once for each power, whatever the exponent’s bits are. */
function counted(): Attempt {
  let asked = 0;
  const source: PowerSource = (bytes) => {
    const openssl = createDiffieHellman(bytes, 2);
    return {
      setPrivateKey: (exponent) => openssl.setPrivateKey(exponent),
      computeSecret(base) {
        asked += 1;
        return openssl.computeSecret(base);
      },
    };
  };
  const modulus = new Modulus(victim.own.key.N, source);
  const [light, heavy] = [1n << 1000n, (1n << 1001n) - 1n];
  for (const exponent of [light, heavy]) modulus.power(3n, exponent);
  return asked === 2
    ? stoppedBy('OpenSSL computes every power')
    : unstopped('powers whose time depends on the exponent');
}

/** Modulo one prime each root is wrong. */
class FaultyKey extends PaillierSecretKey {
  override root(value: bigint): bigint {
    const right = super.root(value);
    const { first, second } = this.primes;
    return this.primes.combine(modulo(right + 1n, first.value), modulo(right, second.value));
  }
}

function factorOf(difference: bigint, modulus: bigint): string | undefined {
  const factor = gcd(difference, modulus);
  return factor > 1n && factor < modulus ? 'a prime of the modulus' : undefined;
}

/** Boneh, DeMillo and Lipton: what is right modulo one prime alone shows that prime. */
function faultyRoots(): Attempt {
  const { first, second } = victim.own.key.primes;
  const key = new FaultyKey(first.value, second.value);
  const at = attackersPlace(freshSsid(), 3);
  return refusedOr(() => {
    const { w, z } = proveMod(set, at, { key }, random);
    const [y = 0n] = modTargets(set, at, { key }, w);
    return unstopped(factorOf(key.modN.power(z[0] ?? 0n, key.N) - y, key.N));
  });
}

class FaultyModulus extends Modulus {
  override power(base: bigint, exponent: bigint): bigint {
    return modulo(super.power(base, exponent) + 1n, this.value);
  }
}

function faultyPowers(): Attempt {
  const { trapdoor } = victim.own;
  const { first, second } = trapdoor.primes;
  const { Nh, s, t, mod, lambda, phi } = trapdoor;
  const primes = new Crt(new FaultyModulus(first.value), second);
  const areUnits = (values: readonly bigint[]): boolean => trapdoor.areUnits(values);
  const faulty = { Nh, s, t, mod, lambda, phi, primes, areUnits } as unknown as typeof trapdoor;
  const at = attackersPlace(freshSsid(), 2);
  return refusedOr(() => {
    const { A, z } = provePrm(set, at, faulty, random);
    const j = prmChallenge(set, at, { to: trapdoor }, A).indexOf(false);
    return unstopped(factorOf(mod.power(t, z[j] ?? 0n) - (A[j] ?? 0n), Nh));
  });
}

/** OpenSSL 3 says 0, and no error. */
function shortModulus(): Attempt {
  return refusedOr(() => {
    const modulus = new Modulus((1n << 510n) + 111n);
    const powers = [3n, 5n].map((base) => modulus.power(base, 7n));
    return unstopped(powers.every((each) => each === 0n) && 'powers that are all 0');
  });
}

/** Not OpenSSL. */
const sevens: PowerSource = (modulus) => ({
  setPrivateKey: () => undefined,
  computeSecret: () => Uint8Array.from(modulus, () => 7),
});

function wrongSource(): Attempt {
  return refusedOr(() => {
    testPowers(sevens);
    return unstopped('a start with a library whose powers are wrong');
  });
}

const OWN_PROOFS: Removal = gg20(
  'zk/check.js',
  'if (failed !== undefined)\n        throw new Bug(`an own proof ${proof} fails: ${failed}`);',
);

export const POWERS_OF_NODES: readonly Gg20Attack[] = [
  {
    row: 28,
    name: 'a power that OpenSSL refuses',
    stopped: 'Error: OpenSSL refuses this power',
    removed: [
      crypto('modular/modulus.js', "throw new Error('OpenSSL refuses this power');", IN_JAVASCRIPT),
    ],
    run: refusedPower,
  },
  {
    row: 28,
    name: 'exponents of many ones and of few',
    stopped: 'OpenSSL computes every power',
    removed: [
      crypto(
        'modular/modulus.js',
        'return this.#computed(reduced, exponent) ?? this.#blinded(reduced, exponent);',
        IN_JAVASCRIPT,
      ),
    ],
    run: counted,
  },
  {
    row: 32,
    name: 'roots in Pi_mod that are wrong modulo one prime',
    stopped: 'Bug: an own proof mod fails: every z is an N-th root',
    removed: [OWN_PROOFS],
    run: faultyRoots,
  },
  {
    row: 32,
    name: 'powers in Pi_prm that are wrong modulo one prime',
    stopped: 'Bug: an own proof prm fails: every power is right',
    removed: [OWN_PROOFS],
    run: faultyPowers,
  },
  {
    row: 33,
    name: 'a modulus of 511 bits',
    stopped: 'Bug: a modulus has at least 512 bits',
    removed: [
      crypto('modular/modulus.js', 'assert(this.bits >= MODULUS_BITS_MIN, ', 'assert(true, '),
      crypto('modular/modulus.js', "assert(value !== 0n, 'a power is never zero');"),
    ],
    run: shortModulus,
  },
  {
    row: 33,
    name: 'a library whose powers are wrong',
    stopped: 'Bug: OpenSSL gives a wrong power of a known number',
    removed: [
      crypto(
        'modular/known-powers.js',
        "throw new Bug('OpenSSL gives a wrong power of a known number');",
      ),
    ],
    run: wrongSource,
  },
];
