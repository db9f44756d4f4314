import { Bug, utf8 } from '../../common/index.js';
import { shake256 } from '../hash.js';
import { decodeBigEndian } from '../scalar.js';
import { Modulus, type PowerSource } from './modulus.js';

/** The prime of 1024 bits of RFC 2409 §6.2, Oakley group 2. */
const OAKLEY_2 =
  0xffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffffn;

/** Numbers without a choice in them. */
function number(name: string, bytes: number): bigint {
  return decodeBigEndian(shake256(utf8(`quorate/known-powers/${name}`), bytes));
}

/**
 * Compares OpenSSL's powers with those of plain arithmetic, for numbers of the shapes that keys have: N of 2048 bits, N², p²,
 * and a power that is 1, which OpenSSL refuses at first. Called once at start: about 20 ms.
 *
 * @throws Bug when a power is wrong.
 */
export function testPowers(source?: PowerSource): void {
  const N = number('modulus', 256) | (1n << 2047n) | 1n;
  const p = OAKLEY_2;
  const [modN, modNN, modPP] = [N, N * N, p * p].map((each) => new Modulus(each, source));
  if (modN === undefined || modNN === undefined || modPP === undefined) return;
  const base = number('base', 250);
  const cases: readonly (readonly [Modulus, bigint, bigint])[] = [
    [modN, 3n, 5n],
    [modN, base, number('exponent of 128 bits', 16)],
    [modN, base, 2n],
    [modNN, base, number('exponent of 128 bits', 16)],
    [modPP, base, number('exponent of 129 bits', 16) | (1n << 128n)],
  ];
  const right = cases.every(([modulus, b, e]) => modulus.power(b, e) === plainPower(b, e, modulus));
  // A power whose result is 1 while others with this exponent are not: decryption of 0, modulo p².
  const rightOne = modPP.power(plainPower(base, p, modPP), p - 1n) === 1n;
  if (!right || !rightOne || modN.power(3n, 5n) !== 243n) {
    throw new Bug('OpenSSL gives a wrong power of a known number');
  }
}

/** Square and multiply, in a time that depends on the exponent: for these known numbers alone. */
function plainPower(base: bigint, exponent: bigint, { value: m }: Modulus): bigint {
  let [result, square, rest] = [1n, base % m, exponent];
  while (rest > 0n) {
    if ((rest & 1n) === 1n) result = (result * square) % m;
    square = (square * square) % m;
    rest >>= 1n;
  }
  return result;
}
