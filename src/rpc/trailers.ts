/** Where gRPC's rich errors travel: an encoded google.rpc.Status. */
export const DETAILS_TRAILER = 'grpc-status-details-bin';
/** The node that leads, for a client that may have to ask it. */
export const LEADER_TRAILER = 'leader-hint';
