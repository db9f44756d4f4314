import { X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import { ClusterError, codeOf, wordsOf } from '../common/index.js';
import type { Millis } from '../common/index.js';
import type { Clock, Logger, Timer } from '../ports/index.js';
import { endOf } from './certificate-watch.js';
import type { NodeCredentials } from './credentials.js';

/** How often the files of certificate and key are looked at. What has changed is taken when two looks have seen the same. */
export const CREDENTIALS_LOOK_MS: Millis = 10_000;
/** A refusal that stays the same is told again so often. */
export const REFUSAL_EVERY_MS: Millis = 3_600_000;

export type CredentialReloadParts = {
  /** Paths of certificate, key and authorities. */
  readonly files: readonly string[];
  /** The credentials in use at the start. */
  readonly used: NodeCredentials;
  /**
   * Reads the files, and checks them as a start does: what it gives can be used, whatever the files hold by then.
   *
   * @throws ClusterError saying which file, and what is wrong with it.
   */
  load(): Promise<NodeCredentials>;
  /** Connections that are made from now on have these. */
  use(credentials: NodeCredentials): void;
  readonly clock: Pick<Clock, 'after' | 'elapsed'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
};

/**
 * Takes a new certificate and key while the node runs: when their files have changed, and when it is told to look. A pair
 * that a start would refuse is refused here, and the one in use stays.
 */
export class CredentialReload {
  readonly #parts: CredentialReloadParts;
  #used: NodeCredentials;
  /** The files as they were when they were last judged, and as the last look saw them. */
  #judged: string;
  #seen: string;
  #refused: { readonly words: string; readonly toldMs: Millis } | undefined;
  #judging: Promise<void> | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(parts: CredentialReloadParts) {
    this.#parts = parts;
    this.#used = parts.used;
    this.#judged = this.#seen = printOf(parts.files);
    this.#arm();
  }

  /** Judges what the files hold now. Resolves when that is done, whatever comes of it. */
  reload(): Promise<void> {
    this.#judging ??= this.#judge().finally(() => {
      this.#judging = undefined;
    });
    return this.#judging;
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#judging;
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = this.#parts.clock.after(CREDENTIALS_LOOK_MS, () => {
      void this.#look().finally(() => this.#arm());
    });
  }

  async #look(): Promise<void> {
    const print = printOf(this.#parts.files);
    // Files are written one after another: what is still changing is not a pair yet.
    const isStill = print === this.#seen;
    this.#seen = print;
    // A pair that was refused may be good later: it may not have begun, or this machine's clock was wrong.
    if (isStill && (print !== this.#judged || this.#refused !== undefined)) await this.reload();
  }

  async #judge(): Promise<void> {
    const { files, logger } = this.#parts;
    const print = printOf(files);
    try {
      const next = await this.#parts.load();
      if (this.#stopped) return;
      if (!isSame(next, this.#used)) {
        this.#parts.use(next);
        this.#used = next;
        logger.info('The node shows another certificate from now on', shown(next));
      }
      this.#refused = undefined;
    } catch (error) {
      if (!this.#stopped) this.#tell(error);
    }
    this.#judged = print;
  }

  #tell(error: unknown): void {
    const { clock, logger } = this.#parts;
    const words = wordsOf(error);
    const nowMs = clock.elapsed();
    const known = this.#refused;
    if (known?.words === words && nowMs - known.toldMs < REFUSAL_EVERY_MS) return;
    this.#refused = { words, toldMs: nowMs };
    const reason = error instanceof ClusterError ? error.reason : 'INTERNAL';
    logger.warn('A changed certificate is refused, and the one in use stays', {
      reason,
      error: words,
      ends: new Date(endOf(this.#used.peers.cert)).toISOString(),
    });
  }
}

/** The facts that change when a file is written, replaced, or given another mode or owner. */
function printOf(files: readonly string[]): string {
  return files
    .map((file) => {
      try {
        const { ino, size, mtimeMs, ctimeMs } = statSync(file);
        return [ino, size, mtimeMs, ctimeMs].join(' ');
      } catch (error) {
        return codeOf(error);
      }
    })
    .join('\n');
}

function isSame(a: NodeCredentials, b: NodeCredentials): boolean {
  return a.peers.cert === b.peers.cert && a.peers.key === b.peers.key;
}

function shown({ peers }: NodeCredentials): { readonly serial: string; readonly ends: string } {
  const { serialNumber } = new X509Certificate(peers.cert);
  return { serial: serialNumber.toLowerCase(), ends: new Date(endOf(peers.cert)).toISOString() };
}
