/** The gRPC services. Imported by `rpc/` and `client/` only: nothing else knows gRPC. */
export { ClusterServiceClient, ClusterServiceService } from './gen/quorate/v1/cluster_service.js';
export { KeyServiceClient, KeyServiceService } from './gen/quorate/v1/key_service.js';
export { SigningServiceClient, SigningServiceService } from './gen/quorate/v1/signing_service.js';
export { TaskServiceClient, TaskServiceService } from './gen/quorate/v1/task_service.js';
export { PeerServiceClient, PeerServiceService } from './gen/quorate/peer/v1/peer_service.js';
