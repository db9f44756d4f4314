import { createPrivateKey, sign, X509Certificate } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import { clusterId, utf8 } from '../../../src/common/index.js';
import { REQUEST_METADATA, requestBytes } from '../../../src/identity/index.js';
import { encode, SignRequest } from '../../../src/wire/index.js';
import { METHODS } from '../../inputs/table.js';
import { CALL_MS_MAX, CALLS_AT_ONCE, clientOf } from './calls.js';
import { repeatedly } from '../flood.js';
import type { Flood } from '../flood.js';

/** Bytes that the log would have to keep on every node, again and again. */
const MESSAGE_BYTES = 16_000;
const DAY_MS = 86_400_000;

/** Requests that the sender signs with an expiry in a day, which the log would refuse: no node may keep any of them. */
export const farExpiry: Flood = {
  as: 'app',
  run: async (target, counts) => {
    const client = clientOf(target, counts);
    const key = createPrivateKey(target.tls.key);
    const certificate = new X509Certificate(target.tls.cert).raw;
    const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    const message = utf8('x'.repeat(MESSAGE_BYTES));
    await repeatedly(target, CALLS_AT_ONCE, async () => {
      counts.streams += 1;
      const request = encode(
        SignRequest,
        SignRequest.fromPartial({
          requestId: `day-${process.pid}-${counts.streams}`,
          keyId: target.keyId,
          payload: { $case: 'message', value: message },
        }),
      );
      counts.bytes += request.length;
      const expireTimeMs = Date.now() + DAY_MS;
      const signed = requestBytes(clusterId(target.clusterId), METHODS.sign, expireTimeMs, request);
      const metadata = new Metadata();
      metadata.set(REQUEST_METADATA.signature, sign(digest, signed, key));
      metadata.set(REQUEST_METADATA.certificate, certificate);
      metadata.set(REQUEST_METADATA.expiry, String(expireTimeMs));
      const code = await new Promise<status>((resolve) => {
        client.makeUnaryRequest(
          METHODS.sign,
          (each: Uint8Array) => Buffer.from(each),
          (each) => each,
          request,
          metadata,
          { deadline: Date.now() + CALL_MS_MAX },
          (error) => resolve(error?.code ?? status.OK),
        );
      });
      if (code === status.OK) counts.answered += 1;
      if (code === status.RESOURCE_EXHAUSTED) counts.refused += 1;
    });
    client.close();
  },
};
