/**
 * gRPC over mutual TLS 1.3: it carries calls to the operations of `api/` and their answers and errors (google.rpc rich
 * errors) back, and the streams between nodes. The caller is read from the certificate's SPIFFE URI and nowhere else.
 */
export { Dial } from './http2/dial.js';
export type { DialFaults } from './http2/dial.js';
export { dialFaultOf } from './http2/error-code.js';
export type { DialFault } from './http2/error-code.js';
export { callHeaders, framed, messageLength, PREFIX_BYTES, statusWords } from './http2/grpc.js';
export { Pings } from './http2/pings.js';
export type { Self } from './peers/hello.js';
export type { LinkCounts } from './peers/peer-link.js';
export { PeerNetwork } from './peers/peer-network.js';
export type { ConnectionListener, PeerNetworkParts, Traffic } from './peers/peer-network.js';
export { dialPeer } from './peers/peer-dial.js';
export { createPeerServer } from './peers/peer-server.js';
export type { IncomingListener, PeerServer, PeerServerParts } from './peers/peer-server.js';
export { STOP_GRACE_MS } from './limits.js';
export { createPublicServer } from './public-server.js';
export type { PublicServer, PublicServerParts } from './public-server.js';
export { namesOfCertificate, RevokedCertificates } from './revoked.js';
export { channelCredentials } from './tls.js';
export { contextOptions, identityOf } from './tls-identity.js';
export type { TlsFiles } from './tls-identity.js';
export { tlsRefusal } from './tls-trial.js';
export { DETAILS_TRAILER } from './trailers.js';
