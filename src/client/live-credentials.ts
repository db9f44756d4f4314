import type { Millis } from '../common/index.js';
import type { Genesis } from '../identity/index.js';
import type { TlsFiles } from '../rpc/index.js';
import { Credentials } from './credentials.js';
import { QuorateError } from './errors.js';
import type { ConnectOptions } from './inputs.js';
import { FILES_LOOK_MS } from './limits.js';
import { tlsSigner } from './request-signer.js';
import type { RequestSigner } from './request-signer.js';

/**
 * The credentials in use. Where they came from files, these are read again now and then: what they hold then takes the place
 * of what is in use if it names the same requester and nodes would take it.
 */
export class LiveCredentials {
  readonly #options: ConnectOptions;
  readonly #genesis: Genesis | undefined;
  readonly #nowMs: () => Millis;
  #tls: TlsFiles;
  #current: Credentials;
  #signer: RequestSigner | undefined;
  #lookedMs: Millis;
  /** The reason why the contents of the files are not in use. */
  #refused: string | undefined;

  /** @throws QuorateError `invalid-request` INVALID_CREDENTIALS for PEM that TLS cannot use. */
  constructor(
    options: ConnectOptions,
    genesis: Genesis | undefined,
    nowMs: () => Millis = () => performance.now(),
  ) {
    this.#options = options;
    this.#genesis = genesis;
    this.#nowMs = nowMs;
    this.#tls = { ca: options.ca, cert: options.cert, key: options.key };
    this.#current = new Credentials(this.#tls, genesis, options.files);
    this.#lookedMs = nowMs();
  }

  get current(): Credentials {
    return this.#current;
  }

  /** Signs with the key that is in use now. A signature and its chain must be of one signer. */
  get signer(): RequestSigner {
    this.#signer ??= tlsSigner(this.#tls);
    return this.#signer;
  }

  /** Reads the files again, if the last time is long enough ago. @returns Whether others are in use from now on. */
  look(): boolean {
    const { reload } = this.#options;
    if (reload === undefined || this.#nowMs() - this.#lookedMs < FILES_LOOK_MS) return false;
    this.#lookedMs = this.#nowMs();
    try {
      return this.#take(reload());
    } catch (error) {
      // Files are replaced one after another: a pair that does not match may match at the next look.
      if (!(error instanceof QuorateError)) throw error;
      this.#refused = error.message;
      return false;
    }
  }

  /** As {@link Credentials.check}, with why the files did not help. */
  check(): void {
    try {
      this.#current.check();
    } catch (error) {
      if (!(error instanceof QuorateError) || this.#refused === undefined) throw error;
      const words = `${error.message}; what its file holds by now is not used: ${this.#refused}`;
      throw new QuorateError(error.code, words, { ...error.details, cause: error });
    }
  }

  #take(tls: TlsFiles): boolean {
    const { ca, cert, key } = this.#tls;
    if (tls.ca === ca && tls.cert === cert && tls.key === key) {
      this.#refused = undefined;
      return false;
    }
    const next = new Credentials(tls, this.#genesis, this.#options.files);
    next.check();
    const [was, is] = [this.#current.identity?.spiffeId, next.identity?.spiffeId];
    if (was !== is) {
      this.#refused = `it names ${is ?? 'no SPIFFE id'}, and this client is ${was ?? 'none'}`;
      return false;
    }
    this.#tls = tls;
    this.#current = next;
    this.#signer = undefined;
    this.#refused = undefined;
    return true;
  }
}
