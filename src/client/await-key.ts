import { setTimeout as pause } from 'node:timers/promises';
import type { Millis } from '../common/index.js';
import type { GenerateKeyResponse } from '../wire/index.js';
import { KEY_ASKED_AGAIN_MS } from './limits.js';
import { remainingMs, stopped } from './until.js';
import type { Until } from './until.js';

/**
 * Asks for a key again while there is time: a node answers within two minutes, and an ECDSA key may take longer. Each
 * time it is the same request, so the same key.
 */
export async function whenReady(
  ask: () => Promise<GenerateKeyResponse>,
  until: Until,
  pauseMs: Millis = KEY_ASKED_AGAIN_MS,
): Promise<GenerateKeyResponse> {
  for (;;) {
    const answer = await ask();
    if (answer.key !== undefined || remainingMs(until) <= pauseMs) return answer;
    await pause(pauseMs, undefined, { signal: until.signal }).catch(() => {
      throw stopped(until.signal);
    });
  }
}
