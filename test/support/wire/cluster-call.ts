import { Client, Metadata } from '@grpc/grpc-js';
import type { MethodDefinition, ServiceError } from '@grpc/grpc-js';
import { errorOf, GrpcFailure } from '../../../src/client/errors.js';
import type { QuorateError, ServerFault } from '../../../src/client/errors.js';
import { channelCredentials, DETAILS_TRAILER } from '../../../src/rpc/index.js';
import type { TlsFiles } from '../../../src/rpc/index.js';

const ANSWER_MS_MAX = 5_000;

/**
 * One call, made once: what a node itself answers, where the SDK would ask the next one.
 *
 * @throws QuorateError or ServerFault, as the SDK reads it.
 */
export async function callOnce<Request, Response>(
  address: string,
  tls: TlsFiles,
  method: MethodDefinition<Request, Response>,
  request: Request,
  timeoutMs: number,
  metadata = new Metadata(),
): Promise<Response> {
  const client = new Client(
    address,
    channelCredentials(tls, () => true),
    {
      'grpc.ssl_target_name_override': 'quorate',
      'grpc.enable_retries': 0,
    },
  );
  try {
    return await new Promise<Response>((resolve, reject) => {
      client.makeUnaryRequest<Request, Response>(
        method.path,
        (message) => method.requestSerialize(message),
        (bytes) => method.responseDeserialize(bytes),
        request,
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, response?: Response) => {
          if (error === null && response !== undefined) resolve(response);
          else reject(error === null ? new Error('no answer') : asRead(error));
        },
      );
    });
  } finally {
    client.close();
  }
}

/** Opens a stream and says nothing. @returns What comes first. @throws QuorateError when it is refused. */
export async function firstAnswer<Request, Response>(
  address: string,
  tls: TlsFiles,
  method: MethodDefinition<Request, Response>,
): Promise<Response> {
  const client = connect(address, tls);
  try {
    return await new Promise<Response>((resolve, reject) => {
      const stream = client.makeBidiStreamRequest<Request, Response>(
        method.path,
        (message) => method.requestSerialize(message),
        (bytes) => method.responseDeserialize(bytes),
        new Metadata(),
        { deadline: Date.now() + ANSWER_MS_MAX },
      );
      stream.once('data', resolve);
      stream.once('error', (error: ServiceError) => reject(asRead(error)));
    });
  } finally {
    client.close();
  }
}

function connect(address: string, tls: TlsFiles): Client {
  return new Client(
    address,
    channelCredentials(tls, () => true),
    {
      'grpc.ssl_target_name_override': 'quorate',
      'grpc.enable_retries': 0,
    },
  );
}

function asRead({ code, details, metadata }: ServiceError): QuorateError | ServerFault {
  const [carried] = metadata.get(DETAILS_TRAILER);
  const bytes = typeof carried === 'object' ? new Uint8Array(carried) : undefined;
  return errorOf(new GrpcFailure(code, details, bytes));
}
