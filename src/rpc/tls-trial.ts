import { duplexPair } from 'node:stream';
import { connect, createServer } from 'node:tls';
import { wordsOf } from '../common/index.js';
import { contextOptions } from './tls-identity.js';
import type { TlsFiles } from './tls-identity.js';
import { HANDSHAKE_MS_MAX } from './limits.js';

/**
 * Shakes hands with itself, in memory, as server and as client: what each side would refuse of these files, every other node
 * would refuse too, later, and without a word to this one.
 *
 * @returns OpenSSL's words for the refusal, for example `certificate has expired`; nothing when both sides are content, or when
 * there was no time to know.
 */
export function tlsRefusal(tls: TlsFiles): Promise<string | undefined> {
  return new Promise((resolve) => {
    const [near, far] = duplexPair();
    const end = (refusal: string | undefined) => {
      clearTimeout(timer);
      near.destroy();
      far.destroy();
      resolve(refusal);
    };
    // A machine that is too busy for a handshake says nothing about the files: the node starts.
    const timer = setTimeout(() => end(undefined), HANDSHAKE_MS_MAX);
    try {
      const options = { ...contextOptions(tls), handshakeTimeout: 2 * HANDSHAKE_MS_MAX };
      // With TLS 1.3 the client is content before the server has seen its certificate: the server's word comes last.
      const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true });
      server.once('secureConnection', () => end(undefined));
      server.once('tlsClientError', (error) => end(wordsOf(error)));
      server.emit('connection', far);
      connect({ ...options, socket: near, checkServerIdentity: () => undefined }).once(
        'error',
        (error) => end(wordsOf(error)),
      );
    } catch (error) {
      end(wordsOf(error));
    }
  });
}
