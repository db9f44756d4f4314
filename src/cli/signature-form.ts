import { Option } from 'commander';
import type { Command } from 'commander';
import {
  Algorithm,
  ecdsaToDer,
  ecdsaToRaw,
  ethereumSignature,
  fromEthereumSignature,
} from '../client/index.js';
import type { SignResponse } from '../client/index.js';
import { toHex } from '../common/index.js';
import { algorithmName, ALGORITHMS, isKeyAlgorithm } from '../identity/index.js';
import { requireLength } from './arguments.js';
import { usageError } from './exit-codes.js';
import { signsDigests } from './message.js';

/** The forms of an ECDSA signature. Signatures of other algorithms have one form, `raw`. */
const FORMS = ['raw', 'der', 'ethereum'] as const;
export type SignatureForm = (typeof FORMS)[number];

/** The tools that take each form, for help texts. */
export const FORM_HELP = `
Forms of an ECDSA signature (--format):
  raw       r and s, 64 bytes: JWT and JOSE (ES256, ES256K), WebCrypto, most libraries for wallets
  der       a SEQUENCE of two INTEGERs: OpenSSL, Bitcoin scripts (a byte for the hash type goes behind), Java, Go, X.509
  ethereum  r, s and v, 65 bytes, v being 27 or 28: ecrecover, Solidity, personal_sign, EIP-712. The v of a transaction
            is yours to make of recovery_id in --json: the id itself since EIP-1559, 35 + 2 * chain id + id before (EIP-155)`;

type Signed = Pick<SignResponse, 'signature' | 'recoveryId'>;

/** Adds `--format`. */
export function addFormatOption(command: Command, description: string): Command {
  return command.addOption(
    new Option('--format <form>', `${description}: ${FORMS.join(', ')}`).argParser(
      (text: string) => {
        const form = FORMS.find((each) => each === text.toLowerCase());
        if (form !== undefined) return form;
        throw usageError(`--format must be one of ${FORMS.join(', ')}, not "${text}"`);
      },
    ),
  );
}

/** @throws ClusterError `invalid-request` for a form that signatures of the algorithm do not have. */
export function requireForm(form: SignatureForm | undefined, algorithm: Algorithm): void {
  if (form === undefined || form === 'raw') return;
  if (form === 'ethereum' ? algorithm === Algorithm.GG20_SECP256K1 : signsDigests(algorithm))
    return;
  const keys = form === 'ethereum' ? 'GG20_SECP256K1' : 'ECDSA';
  throw usageError(
    `--format ${form} is of ${keys} signatures, not of those of ${algorithmName(algorithm)}`,
  );
}

/** A signature's bytes in a form that it has. */
export function inForm({ signature, recoveryId }: Signed, form: SignatureForm): Uint8Array {
  switch (form) {
    case 'raw':
      return signature;
    case 'der':
      return ecdsaToDer(signature);
    case 'ethereum':
      return ethereumSignature(signature, recoveryId ?? NO_RECOVERY_ID);
  }
}

/** No form has it. */
const NO_RECOVERY_ID = -1;
/** Above, there is no v: r would be the order of the curve or more, which no signer meets by chance. */
const ETHEREUM_RECOVERY_ID_MAX = 1;

/** All forms of an ECDSA signature, for programs. */
export function formsJson(algorithm: Algorithm, signed: Signed): object {
  const { recoveryId } = signed;
  if (!signsDigests(algorithm) || recoveryId === undefined) return {};
  const isEthereum =
    algorithm === Algorithm.GG20_SECP256K1 && recoveryId <= ETHEREUM_RECOVERY_ID_MAX;
  return {
    recovery_id: recoveryId,
    signature_der: toHex(inForm(signed, 'der')),
    ...(isEthereum && { signature_ethereum: toHex(inForm(signed, 'ethereum')) }),
  };
}

/** A signature to be checked, without what a form adds to it. */
export type GivenSignature = {
  readonly signature: Uint8Array;
  /** Where the form has it. */
  readonly recoveryId?: number;
};

/**
 * Reads a signature in a form that its algorithm has; unless one is named, of ECDSA 64 bytes are `raw`, 65 of secp256k1
 * `ethereum`, and all other bytes `der`.
 *
 * @throws ClusterError `invalid-request`
 */
export function readSignature(
  flag: string,
  bytes: Uint8Array,
  algorithm: Algorithm,
  named: SignatureForm | undefined,
): GivenSignature {
  requireForm(named, algorithm);
  const { signatureBytes = bytes.length } = isKeyAlgorithm(algorithm) ? ALGORITHMS[algorithm] : {};
  switch (named ?? formOf(bytes, algorithm, signatureBytes)) {
    case 'raw':
      requireLength(flag, bytes, signatureBytes);
      return { signature: bytes };
    case 'der':
      return { signature: ecdsaToRaw(bytes) };
    case 'ethereum':
      return fromEthereumSignature(bytes);
  }
}

function formOf(
  { length }: Uint8Array,
  algorithm: Algorithm,
  signatureBytes: number,
): SignatureForm {
  if (!signsDigests(algorithm) || length === signatureBytes) return 'raw';
  const isEthereum = algorithm === Algorithm.GG20_SECP256K1 && length === signatureBytes + 1;
  return isEthereum ? 'ethereum' : 'der';
}
