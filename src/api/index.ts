/**
 * The public API: a table of operations and one of streams, with the roles that may call each and what it does; and one from error
 * codes to statuses. It decodes requests, asks the backend and presents what comes back; it decides nothing about keys,
 * tasks or consensus. It knows no transport: `rpc/` carries calls to it and answers away.
 */
export type { Backend, ListCaller, NodeStatus } from './backend.js';
export type { ApiContext, Call, CallMetadata, CallTime, NodeFacts } from './call.js';
export type { Measure } from './measure.js';
export { failureOf } from './failure.js';
export type { Failure, GrpcStatus } from './failure.js';
export { operationOf, OPERATIONS } from './operations.js';
export type { Method, Operation } from './operations.js';
export { READERS } from './roles.js';
export { readStreamedRequest } from './sign-stream.js';
export type { StreamedRequest } from './sign-stream.js';
export { streamOf, STREAMS } from './streams.js';
export type {
  RequestsOperation,
  StreamMethod,
  StreamOperation,
  WatchOperation,
} from './streams.js';
export type { Watched } from './watched.js';
