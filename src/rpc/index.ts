/**
 * gRPC over mutual TLS 1.3: the public services, the streams between nodes, and the one table from errors to statuses
 * (google.rpc rich errors). Who calls is read from the certificate's SPIFFE URI and nowhere else.
 * It decodes, asks the backend and presents what comes back; it decides nothing about keys, tasks or consensus.
 */
export type {
  Backend,
  BackendStatus,
  PeerListener,
  ProvenCulprit,
  Submission,
} from './services/backend.js';
export type { Self } from './peers/hello.js';
export type { LinkCounts } from './peers/peer-link.js';
export { PeerNetwork } from './peers/peer-network.js';
export type { ConnectionListener, PeerNetworkParts } from './peers/peer-network.js';
export { createPeerServer } from './peers/peer-server.js';
export type { IncomingListener, PeerServer, PeerServerParts } from './peers/peer-server.js';
export { createPublicServer } from './public-server.js';
export type { PublicServer, PublicServerParts } from './public-server.js';
export { DETAILS_TRAILER, ERROR_DOMAIN, LEADER_TRAILER } from './status.js';
export { channelCredentials, identityOf } from './tls.js';
export type { TlsFiles } from './tls.js';
