import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { assert } from '../../common/index.js';

/** Fields of google/protobuf/descriptor.proto that hold names, and messages that hold more of them. */
const FILE = { name: 1, package: 2, dependency: 3, message: 4, enum: 5, service: 6 };
const MESSAGE = { field: 2, nested: 3, enum: 4 };
const SERVICE = { method: 2 };
const NAME = 1;
/** Of a FileDescriptorSet. */
const SET_FILE = 1;

/** One .proto file, as a FileDescriptorProto. */
type File = { readonly bytes: Uint8Array; readonly imports: readonly string[] };

/** A set of .proto files that is complete: every file's imports are in it. Files are found by name and by what they define. */
export class Descriptors {
  /** Full names of the services, in order. */
  readonly services: readonly string[];
  readonly #files = new Map<string, File>();
  /** The file that defines a full name: of a message or its field, an enum, a service or its method. */
  readonly #definedIn = new Map<string, string>();

  /** @param set - An encoded FileDescriptorSet, as `buf build` and `protoc` write it. @throws Bug for one that lacks an import. */
  constructor(set: Uint8Array) {
    const services: string[] = [];
    for (const bytes of fieldsOf(set).get(SET_FILE) ?? []) services.push(...this.#add(bytes));
    this.services = services.sort();
    for (const [name, { imports }] of this.#files)
      for (const each of imports)
        assert(this.#files.has(each), `${name} imports ${each}, which the descriptor set lacks`);
  }

  /** The file with this name, as a FileDescriptorProto, before all that it imports; `undefined` if there is none. */
  fileNamed(name: string): readonly Uint8Array[] | undefined {
    if (!this.#files.has(name)) return undefined;
    const names = new Set([name]);
    // A set is read in the order in which it grows.
    for (const each of names)
      for (const imported of this.#files.get(each)?.imports ?? []) names.add(imported);
    return [...names].flatMap((each) => this.#files.get(each)?.bytes ?? []);
  }

  /** As {@link fileNamed}, of the file that defines `symbol`. */
  fileOf(symbol: string): readonly Uint8Array[] | undefined {
    const name = this.#definedIn.get(symbol);
    return name === undefined ? undefined : this.fileNamed(name);
  }

  /** @returns The services that the file defines. */
  #add(bytes: Uint8Array): string[] {
    const file = fieldsOf(bytes);
    const name = textOf(file, FILE.name);
    const scope = textOf(file, FILE.package);
    this.#files.set(name, { bytes, imports: (file.get(FILE.dependency) ?? []).map(toText) });
    const define = (within: string, definition: Uint8Array): string => {
      const full = within === '' ? nameOf(definition) : `${within}.${nameOf(definition)}`;
      this.#definedIn.set(full, name);
      return full;
    };
    const defineMessage = (within: string, message: Uint8Array): void => {
      const full = define(within, message);
      const parts = fieldsOf(message);
      for (const kind of [MESSAGE.field, MESSAGE.enum])
        for (const each of parts.get(kind) ?? []) define(full, each);
      for (const nested of parts.get(MESSAGE.nested) ?? []) defineMessage(full, nested);
    };
    for (const message of file.get(FILE.message) ?? []) defineMessage(scope, message);
    for (const each of file.get(FILE.enum) ?? []) define(scope, each);
    return (file.get(FILE.service) ?? []).map((service) => {
      const full = define(scope, service);
      for (const method of fieldsOf(service).get(SERVICE.method) ?? []) define(full, method);
      return full;
    });
  }
}

/** The fields of a message that hold bytes, texts or messages, by number. */
function fieldsOf(message: Uint8Array): ReadonlyMap<number, Uint8Array[]> {
  const reader = new BinaryReader(message);
  const fields = new Map<number, Uint8Array[]>();
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, number);
      continue;
    }
    const values = fields.get(number) ?? [];
    fields.set(number, values);
    values.push(reader.bytes());
  }
  return fields;
}

function textOf(fields: ReadonlyMap<number, readonly Uint8Array[]>, number: number): string {
  const [value] = fields.get(number) ?? [];
  return value === undefined ? '' : toText(value);
}

function nameOf(definition: Uint8Array): string {
  return textOf(fieldsOf(definition), NAME);
}

function toText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
