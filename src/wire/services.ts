/** The gRPC services as grpc-js takes them. Imported by `rpc/` only. */
export { ClusterServiceClient, ClusterServiceService } from './gen/quorate/v1/cluster_service.js';
export { HealthClient, HealthService } from './gen/grpc/health/v1/health.js';
export { KeyServiceClient, KeyServiceService } from './gen/quorate/v1/key_service.js';
export { SigningServiceClient, SigningServiceService } from './gen/quorate/v1/signing_service.js';
export { TaskServiceClient, TaskServiceService } from './gen/quorate/v1/task_service.js';
export { ServerReflectionService as ReflectionService } from './gen/grpc/reflection/v1/reflection.js';
export { ServerReflectionService as ReflectionAlphaService } from './gen/grpc/reflection/v1alpha/reflection.js';
export { PeerServiceClient, PeerServiceService } from './gen/quorate/peer/v1/peer_service.js';
