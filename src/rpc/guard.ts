import { ServerInterceptingCall } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptingCallInterface, ServerInterceptor } from '@grpc/grpc-js';
import type { Alarms } from '../alarms/index.js';
import { assert, ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import { operationOf, streamOf } from '../api/index.js';
import type { Measure } from '../api/index.js';
import type { Identity } from '../identity/index.js';
import type { Logger } from '../ports/index.js';
import type { Connection } from './front/connection.js';
import type { Front } from './front/front.js';
import { METADATA_BYTES_MAX, METADATA_PAIRS_MAX, REQUEST_ARRIVAL_MS_MAX } from './limits.js';
import type { CallKind, Pace } from './pace.js';
import type { RevokedCertificates } from './revoked.js';
import { rolesOf } from './roles.js';
import { statusOf } from './status.js';
import type { CallStatus } from './status.js';
import { identityOf } from './tls.js';

const KEPT = 'A caller is kept to its pace';
const REFUSED = 'Refused a call';
const CUT = 'Cut a connection whose caller went on when it was refused';

/** A call that the guard let through: its caller, and the account of what it costs. */
export type Admitted = {
  readonly caller: Identity;
  /** Runs one step of the call, and charges the caller with the main thread's time that it took. */
  readonly measure: Measure;
  /** @throws ClusterError `overloaded` while the caller has used up its share of that time. */
  requireShare(): void;
  /** The same for a call whose turn has come, which calls before it may have used up. A caller that goes on loses its connection. */
  readonly requireTurn: () => void;
  /**
   * One request of a stream whose requests are calls of their own.
   *
   * @returns What must be run, once, when it is answered.
   * @throws ClusterError `overloaded`, as for a call. A caller that goes on and on loses its connection, as one that calls does.
   */
  enter(): () => void;
  /** Ends the call with an error. A client that takes nothing any more counts no longer, and reads the error when it does. */
  end(error: CallStatus): void;
};

/** By the metadata of their calls: the one object that the guard and the method behind it both see. */
const admitted = new WeakMap<Metadata, Admitted>();

export function admittedBy(call: { readonly metadata: Metadata }): Admitted {
  const found = admitted.get(call.metadata);
  assert(found !== undefined, 'a method asks for a caller that the guard did not identify');
  return found;
}

/** The caller that the guard let through. */
export function callerOf(call: { readonly metadata: Metadata }): Identity {
  return admittedBy(call).caller;
}

/**
 * Stands before every method, in this order: bounds the metadata; keeps the caller to its pace; asks the certificate for its role,
 * and the table of operations whether it may; then waits for the request for so long and no longer.
 */
export function guard(parts: {
  readonly logger: Logger;
  readonly alarms: Alarms;
  readonly front?: Front;
  readonly pace?: Pace | undefined;
  readonly revoked?: RevokedCertificates | undefined;
  readonly arrivalMs?: Millis | undefined;
}): ServerInterceptor {
  const { logger, alarms, front, pace, revoked, arrivalMs = REQUEST_ARRIVAL_MS_MAX } = parts;
  return (method, call) => {
    const connection = front?.connectionOf(call.getConnectionInfo());
    const caller = callerOver(connection, call);
    const name = caller?.spiffeId ?? '';
    const fields = { method: method.path, caller: caller?.spiffeId };
    let late: NodeJS.Timeout | undefined;
    if (connection !== undefined) front?.streamOpened(connection);
    if (connection !== undefined && connection.caller === undefined) front?.proved(connection);
    let leave: (() => void) | undefined;
    /** The bytes of the request that are still to come. */
    let missing: 'message' | 'end' | undefined = 'message';
    const refuse = (error: unknown): void => {
      if (missing === 'message') connection?.requestCame();
      missing = undefined;
      const end = statusOf(error);
      logger.debug('A call was refused', { ...fields, status: end.code });
      call.sendStatus(end);
      tell(error);
    };
    const tell = (error: unknown): void => {
      const facts = { called: method.path, reason: reasonOf(error) };
      alarms.raise(isPace(error) ? KEPT : REFUSED, caller?.spiffeId, facts);
      if (pace?.refused(name) !== false) return;
      alarms.raise(CUT, caller?.spiffeId, { address: connection?.address, ...facts });
      connection?.cut();
    };
    const told = <T>(step: () => T): T => {
      try {
        return step();
      } catch (error) {
        tell(error);
        throw error;
      }
    };
    return new ServerInterceptingCall(call, {
      sendMessage: (message, next) => {
        connection?.answered();
        next(message);
      },
      start: (enter) => {
        enter({
          // A call that was reset before it began has no metadata and no end.
          onReceiveMetadata: (metadata, next) => {
            const { bytes, pairs } = sizeOf(metadata);
            connection?.callBegan(name, bytes);
            try {
              if (bytes > METADATA_BYTES_MAX || pairs > METADATA_PAIRS_MAX) throw tooMuchMetadata();
              leave = pace?.enter(name, kindOf(method));
              if (caller === undefined) throw noIdentity();
              if (revoked?.covers(connection?.names ?? []) === true) throw isRevoked(caller);
              if (!rolesOf(method.path).includes(caller.role)) throw forbidden(method.path, caller);
              admitted.set(metadata, {
                caller,
                measure: (step) => (pace === undefined ? step() : pace.work.measure(name, step)),
                requireShare: () => pace?.work.require(name),
                requireTurn: () => told(() => pace?.work.require(name)),
                enter: () => told(() => pace?.enter(name) ?? (() => undefined)),
                end: (error) => {
                  call.sendStatus(error);
                  // The library waits until a client has read what stands before the status, however long; asked twice it does not.
                  call.sendStatus(error);
                },
              });
            } catch (error) {
              refuse(error);
              return;
            }
            if (!method.requestStream)
              late = setTimeout(() => call.sendStatus(statusOf(tooLate())), arrivalMs);
            next(metadata);
          },
          onReceiveMessage: (message: unknown, next) => {
            // Every service takes its requests as bytes.
            connection?.messageArrived(message instanceof Uint8Array ? message.length : 0);
            if (missing === 'message') connection?.requestCame();
            missing = 'end';
            try {
              // Many calls may have begun before the first was measured.
              if (!method.requestStream) pace?.work.require(name);
              else if (streamOf(method.path)?.kind !== 'requests') pace?.request(name);
            } catch (error) {
              refuse(error);
              return;
            }
            next(message);
          },
          onReceiveHalfClose: (next) => {
            clearTimeout(late);
            if (missing === 'end') missing = undefined;
            next();
          },
          onCancel: () => {
            clearTimeout(late);
            connection?.callEnded();
            leave?.();
            // Too large, badly packed, too late, taken back: if there was an answer, the library gave it.
            if (missing !== undefined && !method.requestStream)
              logger.debug('A call ended before its request was there', fields);
          },
        });
      },
    });
  };
}

function kindOf({ path, responseStream }: { path: string; responseStream: boolean }): CallKind {
  if (responseStream) return 'stream';
  return operationOf(path)?.effect === 'list' ? 'list' : 'unary';
}

/** The identity of the far end. OpenSSL's certificate is read once for each connection. */
function callerOver(
  connection: Connection | undefined,
  call: Pick<ServerInterceptingCallInterface, 'getAuthContext'>,
): Identity | undefined {
  const known = connection?.identity;
  if (known !== undefined) return known ?? undefined;
  const read = identityOf(call.getAuthContext().sslPeerCertificate);
  if (connection !== undefined) connection.identity = read ?? null;
  return read;
}

/** Names and values together, and how many. */
function sizeOf(metadata: Metadata): { readonly bytes: number; readonly pairs: number } {
  let bytes = 0;
  let pairs = 0;
  for (const [key, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of Array.isArray(values) ? values : [values]) {
      bytes += key.length + String(value).length;
      pairs += 1;
    }
  }
  return { bytes, pairs };
}

function reasonOf(error: unknown): string {
  return error instanceof ClusterError ? error.reason : '';
}

function isPace(error: unknown): boolean {
  return error instanceof ClusterError && error.code === 'overloaded';
}

/** There is no good time to come again. */
function tooMuchMetadata(): ClusterError {
  return new ClusterError('overloaded', 'The call has too much metadata', {
    reason: 'METADATA_TOO_LARGE',
    retryAfterMs: Infinity,
  });
}

function tooLate(): ClusterError {
  return new ClusterError('deadline', 'The request did not arrive in time', {
    reason: 'REQUEST_INCOMPLETE',
  });
}

function noIdentity(): ClusterError {
  return new ClusterError('unauthenticated', 'The certificate names no SPIFFE id of this cluster', {
    reason: 'NO_IDENTITY',
  });
}

function isRevoked({ spiffeId }: Identity): ClusterError {
  return new ClusterError(
    'unauthenticated',
    `The certificate of ${spiffeId}, or the authority that issued it, is revoked: get a new one`,
    { reason: 'CERTIFICATE_REVOKED' },
  );
}

function forbidden(method: string, caller: Identity): ClusterError {
  return new ClusterError('forbidden', `Role ${caller.role} may not call ${method}`, {
    reason: 'ROLE_NOT_PERMITTED',
    facts: { role: caller.role },
  });
}
