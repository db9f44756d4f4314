import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProto } from 'grpc-health-check';
import type { Listener } from '../listener.js';

/** The package's proto folder, from where this file is compiled to. */
const PROTO_FOLDER = fileURLToPath(new URL('../../../../proto', import.meta.url));
const SERVICES = ['key', 'signing', 'task', 'cluster'].map(
  (name) => `quorate/v1/${name}_service.proto`,
);

/** Tells callers what can be called, so that tools need no copy of the proto files. Peers' methods are not told. */
export function addReflection(listener: Listener): void {
  const definition = loadSync([...SERVICES, healthProto], {
    keepCase: true,
    includeDirs: [PROTO_FOLDER],
  });
  new ReflectionService(definition).addToServer(listener);
}
