import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

const REQUEST_ID_FIELD = 1;

/** The request id of a request's bytes, its first field by the rules of encoding; empty where there is none. */
export function requestIdIn(request: Uint8Array): string {
  const reader = new BinaryReader(request);
  if (request.length === 0) return '';
  const [field, type] = reader.tag();
  return field === REQUEST_ID_FIELD && type === WireType.LengthDelimited ? reader.string() : '';
}
