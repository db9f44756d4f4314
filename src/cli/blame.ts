import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { judgeEvidence } from '../blame/index.js';
import type { Culprit, CulpritReason, Judge } from '../blame/index.js';
import { ClusterError, fromHex, toHex, whyUnreadable } from '../common/index.js';
import { SCHEMES } from '../algorithms/index.js';
import { parseGenesis } from '../identity/index.js';
import { nodeVerify } from '../machine/index.js';
import { usageError } from './exit-codes.js';

/** The offence of each kind of culprit, as text. */
export const DEEDS: Readonly<Record<CulpritReason, string>> = {
  TWO_MESSAGES: 'it signed two different messages where there is one',
  UNREADABLE_MESSAGE: 'it signed a message of key generation that is none',
  WRONG_OPENING: 'it did not open what it had committed to, or could not prove its part of the key',
  WRONG_VALUE: 'it gave a participant a value that is not on its own polynomial',
  WRONG_SHARE: 'it signed a signature share that is not its share of the signature',
  WRONG_MESSAGE: 'it signed a message that fails a check of the session that it signed in',
  FALSE_ECHO: 'it told others that somebody had signed what that node had not signed',
  FALSE_ACCUSATION: 'it accused another node of what that node’s messages do not show',
  REUSED_MODULUS: 'it used a modulus again that it had shown before',
  WRONG_MATERIAL:
    'it did not open what it had committed to, or numbers that cannot be moduli and bases',
  WRONG_PARAMETERS: 'it gave no proof that its bases are fit to hide another node’s secrets',
  WRONG_MODULUS_PROOF: 'it gave no proof that its modulus is a product of two primes',
  WRONG_FACTOR_PROOF: 'it gave a participant no proof that its modulus has no small factor',
  WRONG_STATEMENT: 'it proved for another statement than was opened to it',
};

/** An evidence file may hold no more: what a node shows of one task, in hex. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

const schema = z.strictObject({
  format: z.literal(1),
  evidence: z.array(z.string()).max(64),
});

/** The judge of evidence on this machine: it reads the genesis in `clusterFile`, and asks no node. */
export function openJudge(clusterFile: string): Judge {
  const bytes = read(clusterFile);
  try {
    const genesis = parseGenesis(new Uint8Array(bytes));
    return { genesis, verify: nodeVerify, schemes: SCHEMES };
  } catch (error) {
    if (error instanceof ClusterError) throw usageError(`${clusterFile}: ${error.message}`);
    throw error;
  }
}

/** The text of an evidence file. */
export function evidenceFile(evidence: readonly Uint8Array[]): string {
  return `${JSON.stringify({ format: 1, evidence: evidence.map(toHex) }, undefined, 2)}\n`;
}

/**
 * Reads an evidence file.
 *
 * @throws ClusterError `invalid-request` for a file that is none. Whether it proves anything is another question.
 */
export function readEvidence(file: string): readonly Uint8Array[] {
  const bytes = read(file);
  if (bytes.length > FILE_BYTES_MAX) throw notEvidence(file);
  const parsed = schema.safeParse(parseJson(bytes));
  if (!parsed.success) throw notEvidence(file);
  return parsed.data.evidence.map((hex) => {
    const evidence = fromHex(hex);
    if (evidence === undefined) throw notEvidence(file);
    return evidence;
  });
}

/** Each culprit that evidence proves; `undefined` where it proves nothing. */
export function judgeAll(
  judge: Judge,
  evidence: readonly Uint8Array[],
): readonly (Culprit | undefined)[] {
  return evidence.map((each) => judgeEvidence(judge, each));
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw usageError(`${file} cannot be read: ${whyUnreadable(error)}`);
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function notEvidence(file: string): ClusterError {
  return usageError(`${file} is no file of \`quorate tasks get --evidence\``);
}
