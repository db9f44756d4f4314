/**
 * What the parts of a signature cost on this machine: `npm run bench [-- --json]`, with `--gg20` those of GG20 and no other.
 * Milliseconds per operation, the median and the slowest twentieth of many runs; compare only figures of one run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utf8 } from '../src/common/index.js';
import { aggregate, commit, signShare, type Suite } from '../src/frost/index.js';
import { ALGORITHMS } from '../src/identity/index.js';
import { nodeVerify, systemRandom } from '../src/machine/index.js';
import { sealEntry, ZERO_HASH } from '../src/raft/index.js';
import { openLmdbConsensusStore } from '../src/store/index.js';
import { FROST_ALGORITHMS } from '../test/support/builders/schemes.js';
import { KINDS_OF_ARITHMETIC } from '../test/support/builders/backends.js';
import { dealRandom, testSigner } from '../test/support/builders/frost-exchange.js';
import { gg20Figures } from './gg20.js';
import { measure, WARM_UP, type Figure } from './measure.js';

const SIGNING_RUNS = 200;

async function signing(kind: string, name: string, suite: Suite): Promise<Figure[]> {
  const { key, shares } = dealRandom(suite, 2, 3, systemRandom);
  const message = utf8('what is signed');
  const made = Array.from({ length: SIGNING_RUNS + WARM_UP }, () =>
    shares.slice(0, 2).map((share) => {
      const nonce = commit(suite, share.scalar, systemRandom);
      return { share, nonce, supply: { index: share.index, D: nonce.D, E: nonce.E } };
    }),
  );
  const results = new Map<number, Map<number, Uint8Array>>();
  const sign = (at: number, who: number): void => {
    const signers = made[at] ?? [];
    const signer = signers[who];
    if (signer === undefined) throw new Error('too many runs');
    const { d, e } = signer.nonce;
    const B = signers.map(({ supply }) => supply);
    const signed = signShare(suite, key, signer.share, { d, e }, B, message);
    if (!('share' in signed)) throw new Error(signed.declined);
    results.set(at, (results.get(at) ?? new Map()).set(signer.share.index, signed.share));
  };
  const first = shares[0];
  if (first === undefined) throw new Error('no share');
  const { arithmetic } = KINDS_OF_ARITHMETIC.find((each) => each.kind === kind) ?? {};
  const verifier = arithmetic?.verifiers[suite.algorithm];
  if (verifier === undefined) throw new Error(`no backends of kind ${kind}`);
  const what = `${kind} ${name}`;
  return [
    await measure(`${what} commit`, SIGNING_RUNS, () => commit(suite, first.scalar, systemRandom)),
    await measure(`${what} sign share, 2-of-3, first in the process`, SIGNING_RUNS, (at) =>
      sign(at, 0),
    ),
    await measure(`${what} sign share, 2-of-3, binding known`, SIGNING_RUNS, (at) => sign(at, 1)),
    await measure(`${what} aggregate and verify, 2-of-3`, SIGNING_RUNS, (at) => {
      const B = (made[at] ?? []).map(({ supply }) => supply);
      const result = aggregate(suite, key, B, message, results.get(at) ?? new Map(), (signature) =>
        verifier.verify(key.publicKey, message, signature),
      );
      if (!result.ok) throw new Error('a signature that does not verify');
    }),
  ];
}

async function signingByAll(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { kind, suites } of KINDS_OF_ARITHMETIC)
    for (const algorithm of FROST_ALGORITHMS) {
      const { name } = ALGORITHMS[algorithm];
      figures.push(...(await signing(kind, name, suites[algorithm])));
    }
  return figures;
}

async function writing(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
  const store = await openLmdbConsensusStore(folder);
  const payload = systemRandom.bytes(256);
  const signer = testSigner('node-1');
  const signature = signer.sign(payload);
  let previous: Uint8Array = ZERO_HASH;
  let index = 0;
  const batch = (count: number) =>
    Array.from({ length: count }, () => {
      index += 1;
      const entry = sealEntry(previous, { index, term: 1, kind: 'command', timeMs: 1, payload });
      previous = entry.hash;
      return entry;
    });
  try {
    return [
      await measure('durable write of 1 log entry of 256 bytes', 200, () =>
        store.persist({ entries: batch(1), writes: [], applied: 0 }),
      ),
      await measure('durable write of 64 log entries of 256 bytes', 200, () =>
        store.persist({ entries: batch(64), writes: [], applied: 0 }),
      ),
      await measure('verify an identity signature', 200, () =>
        verified(nodeVerify.identity(signer.publicKey, payload, signature)),
      ),
    ];
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

function verified(holds: boolean): void {
  if (!holds) throw new Error('a signature that does not verify');
}

const figures = process.argv.includes('--gg20')
  ? await gg20Figures()
  : [...(await signingByAll()), ...(await writing())];
if (process.argv.includes('--json')) {
  process.stdout.write(`${JSON.stringify({ node: process.version, figures })}\n`);
} else {
  for (const { name, p50Ms, p95Ms, bytes } of figures) {
    const size = bytes === undefined ? '' : `  ${bytes} bytes`;
    process.stdout.write(
      `${name.padEnd(66)} p50 ${p50Ms.toFixed(3).padStart(8)} ms  p95 ${p95Ms.toFixed(3).padStart(8)} ms${size}\n`,
    );
  }
}
