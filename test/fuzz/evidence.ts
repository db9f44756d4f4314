import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evidenceOfShare, judgeEvidence } from '../../src/blame/index.js';
import { evidenceFile, readEvidence } from '../../src/cli/blame.js';
import { judgeOf, openSign, signedShare } from '../support/builders/accusation.js';
import { fill } from '../support/builders/ledger.js';
import { Finding, refusable } from './decoder.js';
import type { Decoder } from './decoder.js';

const open = openSign();
const judge = judgeOf(open.ledger);

/** Proves that node-1 signed a wrong share. */
function proof(): Uint8Array {
  const [ready] = open.readies;
  if (ready === undefined) throw new Error('node-1 was ready');
  return evidenceOfShare(open.basis, 'node-1', signedShare(open.sessionId, 1, fill(1)), ready);
}

/** The same of node-2, which signed an honest one: it proves nothing. */
function slander(): Uint8Array {
  const [, ready] = open.readies;
  const [, share] = open.shares;
  if (ready === undefined || share === undefined) throw new Error('node-2 signed');
  return evidenceOfShare(open.basis, 'node-2', share, ready);
}

/** Whoever is not guilty is never found guilty, by no bytes. */
export const evidence: Decoder = {
  name: 'evidence',
  seeds: () => [proof(), slander()],
  read: (bytes) => {
    const culprit = judgeEvidence(judge, bytes);
    if (culprit !== undefined && culprit.nodeId !== 'node-1')
      throw new Finding(`${culprit.nodeId} is found guilty`);
    return culprit?.reason ?? 'proves nothing';
  },
};

const folder = mkdtempSync(join(tmpdir(), 'quorate-fuzz-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

export const evidenceFiles: Decoder = {
  name: 'evidence-file',
  seeds: () => [new TextEncoder().encode(evidenceFile([proof(), slander()]))],
  read: (bytes) =>
    refusable(() => {
      const file = join(folder, 'evidence.json');
      writeFileSync(file, bytes);
      return `accepted ${readEvidence(file).length}`;
    }),
};
