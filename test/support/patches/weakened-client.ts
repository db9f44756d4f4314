import { spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { edited } from './edit.js';
import type { Edit } from './edit.js';
import { ProgramCopy } from './program-copy.js';

/** A check that the client makes, taken out of its compiled code. */
export type Weakness = Edit & { readonly check: string };

/** Every check that a certificate must pass, each taken out by itself. */
export const WEAKNESSES: readonly Weakness[] = [
  out('a request to generate a key', ' || !isGenerateKey(parsed.value.asked)'),
  out('the key id signed for', 'key.keyId === sharing.keyId &&'),
  out('the algorithm signed for', 'key.algorithm === sharing.algorithm &&'),
  out('the threshold signed for', 'key.threshold === used.threshold &&'),
  out('the version signed for', 'key.version === used.version &&'),
  out('the public key signed for', 'equal(key.publicKey, sharing.publicKey) &&'),
  out('the participants signed for', '&&\n        sameTexts(key.participants, names)'),
  out(
    'as many points as the threshold',
    'sharing.publicPolynomial.length !== sharing.threshold ||',
  ),
  out('the public key of the sharing', '||\n        !equal(shared, sharing.publicKey)'),
  instead('the cluster', 'certificate.clusterId === genesis.clusterId', 'true'),
  instead(
    'participants of the cluster file',
    'if (known === undefined)\n            return `participant',
    'if (false)\n            return `participant',
  ),
  instead('identity keys of the cluster file', '!equal(known, identityKey)', 'false'),
  out('the key id asked for', 'key.keyId === asked.keyId &&'),
  out('the algorithm asked for', 'key.algorithm === asked.algorithm &&'),
  out('the threshold asked for', 'sharing.threshold === asked.threshold &&'),
  out('the participants asked for', 'sameTexts(names, participants) &&'),
  out('the signers asked for', 'sameTexts(key.allowedSigners, asked.allowedSigners) &&'),
  out(
    'the labels asked for',
    '&&\n        sameTexts(key.labels.flatMap(pairOf), asked.labels.flatMap(pairOf))',
  ),
  instead(
    'the request answered',
    '!equal(requestHash(method, request), sharing.requestHash)',
    'false',
  ),
  instead('the request sent', 'asked !== undefined && !equal(asked, request)', 'false'),
  instead(
    'the public key known',
    'publicKey === undefined || equal(publicKey, sharing.publicKey)',
    'true',
  ),
  instead(
    'no signatures but the participants’',
    'ready.length !== sharing.participants.length',
    'false',
  ),
  instead(
    'a signature of each participant',
    'said === undefined || !isSigned(said, bytes, genesis, verify)',
    'said !== undefined && !isSigned(said, bytes, genesis, verify)',
  ),
  instead(
    'the signatures of participants',
    'said === undefined || !isSigned(said, bytes, genesis, verify)',
    'said === undefined',
  ),
  instead('enough that say installed', 'installed < sharing.threshold', 'false'),
  instead('installed said by each for itself', 'each.nodeId === nodeId && isSigned(', 'isSigned('),
  instead(
    'the signatures of installed',
    'each.nodeId === nodeId && isSigned(each, bytes, genesis, verify)',
    'each.nodeId === nodeId',
  ),
  instead(
    'signature, chain, role, voucher',
    'if (!judged.ok)\n        return { ok: false, refusal: `its authorization does',
    'if (!judged.ok)\n        return { ok: true, value: { spiffeId: "spiffe://quorate/app/victim" } };\n    if (false)\n        return { ok: false, refusal: `its authorization does',
  ),
  instead(
    'a certificate that was good before',
    'certified.notBeforeMs < expireTimeMs &&',
    'true &&',
  ),
  instead(
    'a certificate that was good still',
    'certified.notAfterMs >= expireTimeMs - EXPIRY_AHEAD_MS_MAX',
    'true',
  ),
  instead('whose key it is', 'key.owner !== spiffeId', 'false'),
  instead('a request of the reader’s own', 'spiffeId === reader.spiffeId ?', 'true ?'),
  instead(
    'participants that the request names',
    "participants.length === 0 ? 'its request",
    "false ? 'its request",
  ),
  instead(
    'a requester whom the reader names',
    '[reader.spiffeId, ...(reader.requesters ?? [])].includes(spiffeId)',
    'true',
  ),
  instead('texts in full', 'some.every((text, at) => text === others[at])', 'true'),
  instead('as many texts', 'some.length === others.length && ', ''),
];

function out(check: string, find: string): Weakness {
  return { check, find, replace: '' };
}

function instead(check: string, find: string, replace: string): Weakness {
  return { check, find, replace };
}

/** What is wrong in the judgement of each weakened client, by the name of its check; of the whole one under `none`. */
export type Misjudged = Readonly<Record<string, readonly string[]>>;

/** The room of the client, below `src/`. */
const CLIENT = 'client';

/** Has all weakened clients judge all false keys, and true ones, in a process of their own. */
export function misjudgedByWeakened(): Misjudged {
  using copy = new ProgramCopy();
  const rooms = WEAKNESSES.map((weakness, at) => {
    const room = `${CLIENT}-${at}`;
    weaken(copy, room, weakness);
    return [weakness.check, room];
  });
  const given = JSON.stringify([['none', CLIENT], ...rooms]);
  const program = copy.program('unit/client/judge-weakened.js');
  const { stdout, stderr } = spawnSync(process.execPath, [program, given], { encoding: 'utf8' });
  if (!stdout.startsWith('{')) throw new Error(`the copy does not run: ${stderr}`);
  return JSON.parse(stdout) as Misjudged;
}

/** Puts a client without this check beside the whole one: a room of its own, so that one process can load them all. */
function weaken(copy: ProgramCopy, room: string, weakness: Weakness): void {
  cpSync(join(copy.src, CLIENT), join(copy.src, room), { recursive: true });
  for (const [file, text] of edited(copy.code, [weakness])) {
    if (!file.startsWith(`${CLIENT}/`))
      throw new Error(`${weakness.check}: this check is not the client's own, but in ${file}`);
    writeFileSync(join(copy.src, room, file.slice(CLIENT.length + 1)), text);
  }
}
