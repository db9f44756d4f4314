/** Full names of the methods that change something: what a request in the log may ask. */
export const METHODS = {
  generateKey: '/quorate.v1.KeyService/GenerateKey',
  reshareKey: '/quorate.v1.KeyService/ReshareKey',
  sign: '/quorate.v1.SigningService/Sign',
  requireSignatures: '/quorate.v1.ClusterService/RequireSignatures',
  raiseLevel: '/quorate.v1.ClusterService/RaiseLevel',
  retireKey: '/quorate.v1.KeyService/RetireKey',
  destroyKey: '/quorate.v1.KeyService/DestroyKey',
  restoreKey: '/quorate.v1.KeyService/RestoreKey',
  correctTime: '/quorate.v1.ClusterService/CorrectTime',
  revokeCertificate: '/quorate.v1.ClusterService/RevokeCertificate',
  cancelTask: '/quorate.v1.TaskService/CancelTask',
} as const;

/** Of upkeep: no service has them, and no requester asks for them. */
export const UPKEEP_METHODS = {
  prepare: '/quorate.peer.v1.Upkeep/Prepare',
  presign: '/quorate.peer.v1.Upkeep/Presign',
  refresh: '/quorate.peer.v1.Upkeep/Refresh',
} as const;
