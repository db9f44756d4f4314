import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { SIGN_MS } from '../src/cli/open-client.js';
import { Algorithm, Gg20Profile } from '../src/client/index.js';
import type { Bench, OperationRow } from './operations.js';

const SIGNATURES = 12;
const LOOK_MS = 500;
/** A presignature takes longer to make than a second only where other work has the processors. */
const UNCHANGED_MS = 8_000;
const FULL_WITHIN_MS = 600_000;
/** The first signature comes while primes are looked for and presignatures are made. */
const FIRST_SIGN_MS = 120_000;
const KEY = 'pooled';

/** Waits until a node holds presignatures of the key, and for a while as many as before. */
async function rest(client: Bench['client']): Promise<void> {
  const untilMs = Date.now() + FULL_WITHIN_MS;
  let [held, sinceMs] = [0, Date.now()];
  while (held === 0 || Date.now() < sinceMs + UNCHANGED_MS) {
    if (Date.now() > untilMs) throw new Error('There is no full pool yet');
    await wait(LOOK_MS);
    const { presignaturesHeld } = await client.getCluster({ timeoutMs: SIGN_MS });
    if (presignaturesHeld === held) continue;
    [held, sinceMs] = [presignaturesHeld, Date.now()];
  }
}

/**
 * Signatures of one ECDSA key from presignatures, one after the other, as long as there are some; then how long the pool takes to be
 * full again, for each presignature that was used. The first key of a set has its preparation before it, and is not measured.
 */
export async function signPooled({
  client,
  profile,
  timed,
}: Bench): Promise<readonly OperationRow[]> {
  const asked = {
    keyId: KEY,
    algorithm: Algorithm.GG20_SECP256K1,
    gg20Profile: Gg20Profile[profile],
  };
  await client.generateKey(asked, { timeoutMs: FULL_WITHIN_MS });
  const sign = (timeoutMs = SIGN_MS): Promise<unknown> =>
    client.sign({ keyId: KEY, message: randomBytes(32) }, { timeoutMs });
  // For connections and code.
  await sign(FIRST_SIGN_MS);
  await rest(client);
  const pooled = await timed(`sign from the pool, ${profile}`, 1, { count: SIGNATURES }, () =>
    sign(),
  );
  const refill = await timed(`fill the pool again, ${profile}`, 1, { count: 1 }, () =>
    rest(client),
  );
  const count = SIGNATURES;
  const perOne = (figure: number | undefined): number => (figure ?? Number.NaN) / SIGNATURES;
  return [
    pooled,
    {
      ...refill,
      operation: `presign, ${profile}`,
      count,
      p50_ms: perOne(refill.p50_ms - UNCHANGED_MS),
      p99_ms: perOne(refill.p99_ms - UNCHANGED_MS),
      per_second: (1000 * SIGNATURES) / (refill.p50_ms - UNCHANGED_MS),
      node_cpu_ms_per_call: perOne(refill.node_cpu_ms_per_call),
    },
  ];
}
