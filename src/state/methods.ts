/** Full names of the methods that change something: what a request in the log may ask. */
export const METHODS = {
  generateKey: '/quorate.v1.KeyService/GenerateKey',
  sign: '/quorate.v1.SigningService/Sign',
  requireSignatures: '/quorate.v1.ClusterService/RequireSignatures',
  raiseLevel: '/quorate.v1.ClusterService/RaiseLevel',
  retireKey: '/quorate.v1.KeyService/RetireKey',
  restoreKey: '/quorate.v1.KeyService/RestoreKey',
  correctTime: '/quorate.v1.ClusterService/CorrectTime',
} as const;

/** Of requests that the log takes and no operation of the API brings yet. */
export const UNSERVED_METHODS = {
  reshareKey: '/quorate.v1.KeyService/ReshareKey',
  cancelTask: '/quorate.v1.TaskService/CancelTask',
} as const;

/** Of upkeep: no service has them, and no requester asks for them. */
export const UPKEEP_METHODS = {
  prepare: '/quorate.peer.v1.Upkeep/Prepare',
  refresh: '/quorate.peer.v1.Upkeep/Refresh',
} as const;
