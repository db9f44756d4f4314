import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { status } from '@grpc/grpc-js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { decode, ServerReflectionRequest } from '../../wire/index.js';
import type { ServerReflectionResponse } from '../../wire/index.js';
import { ReflectionAlphaService, ReflectionService } from '../../wire/services.js';
import { admittedBy } from '../guard.js';
import type { Listener } from '../listener.js';
import { statusOf } from '../status.js';
import { invalidEncoding, rawService } from '../unary.js';
import { Descriptors } from './descriptors.js';

/** The package's descriptor set, from where this file is compiled to. `npm run proto` makes it of proto/. */
const DESCRIPTOR_SET = fileURLToPath(new URL('../../../../proto/quorate.binpb', import.meta.url));

type Answer = ServerReflectionResponse['messageResponse'];
type Stream = ServerDuplexStream<Uint8Array, ServerReflectionResponse>;

/**
 * The standard reflection service: tells callers what can be called, so that tools need no copy of the proto files. The methods of
 * peers are not told.
 */
export class Reflection {
  readonly #descriptors = new Descriptors(readFileSync(DESCRIPTOR_SET));

  /** Serves it under both of its names: the two versions have the same messages. */
  addTo(listener: Listener): void {
    const methods = { serverReflectionInfo: (stream: Stream) => this.#serve(stream) };
    listener.addService(rawService(ReflectionService), methods);
    listener.addService(rawService(ReflectionAlphaService), methods);
  }

  #serve(stream: Stream): void {
    const { measure } = admittedBy(stream);
    stream.on('error', () => undefined);
    stream.on('end', () => stream.end());
    stream.on('data', (bytes: Uint8Array) => {
      const request = decode(ServerReflectionRequest, bytes);
      if (request === undefined) {
        stream.emit('error', statusOf(invalidEncoding()));
        return;
      }
      // One answer waits at most: a caller that does not read is not read from.
      stream.pause();
      const answer = measure(() => this.#answer(request.messageRequest));
      stream.write(
        { validHost: request.host, originalRequest: request, messageResponse: answer },
        () => stream.resume(),
      );
    });
  }

  #answer(asked: ServerReflectionRequest['messageRequest']): Answer {
    switch (asked?.$case) {
      case 'listServices': {
        const service = this.#descriptors.services.map((name) => ({ name }));
        return { $case: 'listServicesResponse', value: { service } };
      }
      case 'fileByFilename':
        return files(this.#descriptors.fileNamed(asked.value), asked.value);
      case 'fileContainingSymbol':
        return files(this.#descriptors.fileOf(asked.value), asked.value);
      case 'fileContainingExtension':
      case 'allExtensionNumbersOfType':
        return failed(status.NOT_FOUND, 'No message here has extensions');
      case undefined:
        return failed(status.INVALID_ARGUMENT, 'The request asks for nothing');
    }
  }
}

function files(fileDescriptorProto: readonly Uint8Array[] | undefined, asked: string): Answer {
  return fileDescriptorProto === undefined
    ? failed(status.NOT_FOUND, `There is no ${asked.slice(0, 200)}`)
    : {
        $case: 'fileDescriptorResponse',
        value: { fileDescriptorProto: [...fileDescriptorProto] },
      };
}

function failed(errorCode: status, errorMessage: string): Answer {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } };
}
