import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { operationOf, streamOf } from '../api/index.js';
import { assert } from '../common/index.js';
import { requestStream } from './request-stream.js';
import { unary } from './unary.js';
import { watch } from './watch.js';
import type { StreamCarrier } from './watch.js';

/**
 * A generated service's methods, each carried to the operation or the stream of its name.
 *
 * @throws Bug for a method that is in no table of the API.
 */
export function methodsOf(
  service: ServiceDefinition,
  carrier: StreamCarrier,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(service).map(([name, { path }]) => {
      const operation = operationOf(path);
      if (operation !== undefined) return [name, unary(path, operation, carrier)];
      const stream = streamOf(path);
      assert(stream !== undefined, `${path} has no line in a table of the API`);
      return [
        name,
        stream.kind === 'watch'
          ? watch(path, stream, carrier)
          : requestStream(path, stream, carrier),
      ];
    }),
  );
}
