import { ServerInterceptingCall } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import { assert, ClusterError } from '../common/index.js';
import type { Millis } from '../common/index.js';
import type { Identity } from '../identity/index.js';
import type { Logger } from '../ports/index.js';
import { REQUEST_ARRIVAL_MS_MAX } from './limits.js';
import { permissionOf, permits } from './roles.js';
import { failureOf } from './status.js';
import { identityOf } from './tls.js';

/** Callers by the metadata of their calls: the one object that the guard and the method behind it both see. */
const callers = new WeakMap<Metadata, Identity>();

/** Whom the guard let through. @throws Bug for a method that any certificate may call. */
export function callerOf(call: { readonly metadata: Metadata }): Identity {
  const caller = callers.get(call.metadata);
  assert(caller !== undefined, 'a method asks for a caller that the guard did not identify');
  return caller;
}

/**
 * Stands before every method: asks the certificate for its role, and the role table whether it may; then waits for the
 * request for so long and no longer.
 */
export function guard(
  logger: Logger,
  arrivalMs: Millis = REQUEST_ARRIVAL_MS_MAX,
): ServerInterceptor {
  return (method, call) => {
    const caller = identityOf(call.getAuthContext().sslPeerCertificate);
    const permitted = permits(permissionOf(method.path), caller);
    let late: NodeJS.Timeout | undefined;
    return new ServerInterceptingCall(call, {
      start: (enter) => {
        if (!permitted) {
          logger.warn('Refused a call', { method: method.path, caller: caller?.spiffeId });
          call.sendStatus(failureOf(refusal(method.path, caller)));
          return;
        }
        if (!method.requestStream)
          late = setTimeout(() => call.sendStatus(failureOf(tooLate())), arrivalMs);
        enter({
          onReceiveMetadata: (metadata, next) => {
            if (caller !== undefined) callers.set(metadata, caller);
            next(metadata);
          },
          onReceiveHalfClose: (next) => {
            clearTimeout(late);
            next();
          },
          onCancel: () => clearTimeout(late),
        });
      },
    });
  };
}

function tooLate(): ClusterError {
  return new ClusterError('deadline', 'The request did not arrive in time', {
    reason: 'REQUEST_INCOMPLETE',
  });
}

function refusal(method: string, caller: Identity | undefined): ClusterError {
  if (caller === undefined)
    return new ClusterError(
      'unauthenticated',
      'The certificate names no SPIFFE id of this cluster',
      {
        reason: 'NO_IDENTITY',
      },
    );
  return new ClusterError('forbidden', `Role ${caller.role} may not call ${method}`, {
    reason: 'ROLE_NOT_PERMITTED',
    facts: { role: caller.role },
  });
}
