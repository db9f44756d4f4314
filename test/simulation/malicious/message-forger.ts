import type { NodeId } from '../../../src/common/index.js';
import { signEnvelope } from '../../../src/mpc/index.js';
import type { Signer } from '../../../src/ports/index.js';
import { encodeCommand } from '../../../src/state/index.js';
import {
  Command,
  Declined,
  decode,
  encode,
  KeygenCommitment,
  KeygenOpening,
  ReshareOpening,
  SignatureShare,
  type FreshSupplies,
  type Contribution,
  type Envelope,
  type Supply,
} from '../../../src/wire/index.js';
import type { TaskMessageBody } from '../../../src/wire/index.js';
import { destroyedBytes, installedBytes, readyBytes } from '../../../src/identity/index.js';
import type { ClusterId } from '../../../src/common/index.js';
import { flipped } from '../../support/adversary/forgery.js';
import type { Rng } from '../rng.js';
import type { Observed } from './observed.js';
import { keygen, resharing } from '../../../src/sharing/index.js';
import { SHARE_KIND } from '../../../src/frost/index.js';
import { isShareKind } from '../share-kinds.js';
import { DECLINED_KIND } from '../../../src/tasks/index.js';
import { partOf, withPart } from '../../support/builders/ledger.js';

/** Reasons that a node may give, true or not. */
const REASONS = ['nonce-gone', 'expired', 'boot-changed', 'bad-commitment', 'pending-full', 'zz'];

/** How much more often a fact is a lie. */
const FACT_TIMES = 5;

/**
 * A participant that lies in each round. Messages of its honest replica are altered and signed again, for one peer or
 * for all, so that they are the liar's own; or they are withheld, or followed by an old message.
 */
export class MessageForger {
  readonly #signer: Signer;
  readonly #clusterId: ClusterId;
  readonly #rng: Rng;
  readonly #observed: Observed;
  readonly #rate: number;
  readonly #told: (lie: string) => void;

  constructor(parts: {
    readonly signer: Signer;
    readonly clusterId: ClusterId;
    readonly rng: Rng;
    readonly observed: Observed;
    /** Share of the messages that are no longer what they were. */
    readonly rate: number;
    told(lie: string): void;
  }) {
    this.#signer = parts.signer;
    this.#clusterId = parts.clusterId;
    this.#rng = parts.rng;
    this.#observed = parts.observed;
    this.#rate = parts.rate;
    this.#told = (lie) => parts.told(lie);
  }

  /** What is said to `to` instead. The same message goes to each peer in turn, so this equivocates. */
  instead(_to: NodeId, message: TaskMessageBody): readonly TaskMessageBody[] {
    const isFact = message.message?.$case === 'fact';
    // There are few of them, and the first that is heard counts.
    if (!this.#rng.chance(isFact ? this.#rate * FACT_TIMES : this.#rate)) return [message];
    const kind = this.#rng.int(10);
    if (kind === 0) {
      this.#told('silence');
      return [];
    }
    if (kind === 1) return this.#replay(message);
    const body = message.message;
    switch (body?.$case) {
      case 'contribution':
        return [{ message: { $case: 'contribution', value: this.#answer(body.value) } }];
      case 'decline':
        return [{ message: { $case: 'decline', value: this.#answer(body.value) } }];
      case 'envelope':
        return [{ message: { $case: 'envelope', value: this.#envelope(body.value) } }];
      case 'freshSupplies':
        return [{ message: { $case: 'freshSupplies', value: this.#fresh(body.value) } }];
      case 'fact':
        return [{ message: { $case: 'fact', value: { command: this.#fact(body.value.command) } } }];
      case 'result':
        this.#told('result that is wrong');
        return [
          {
            message: {
              $case: 'result',
              value: { ...body.value, material: flipped(body.value.material) },
            },
          },
        ];
      case 'forward':
      case 'order':
      case 'forwardRefused':
      case 'observation':
      case 'probe':
      case 'probeAnswer':
      case 'wantSupplies':
      case undefined:
        return [message];
    }
  }

  #replay(message: TaskMessageBody): readonly TaskMessageBody[] {
    const { envelopes } = this.#observed;
    if (envelopes.length === 0) return [message];
    this.#told('replay');
    const old = this.#rng.pick(envelopes);
    return [message, { message: carrying(old) }];
  }

  #answer({ envelope, freshSupplies }: Contribution): Contribution {
    if (envelope === undefined || this.#rng.chance(0.3)) {
      return { envelope, freshSupplies: freshSupplies && this.#fresh(freshSupplies) };
    }
    return { envelope: this.#envelope(envelope), freshSupplies };
  }

  #fresh({ keyId, version, supplies }: FreshSupplies): FreshSupplies {
    return { keyId, version, supplies: this.#supplies(supplies) };
  }

  #supplies(supplies: readonly Supply[]): Supply[] {
    const [first] = supplies;
    if (first === undefined) return [];
    const lies: readonly (readonly [string, () => Supply])[] = [
      ['commitment of another node', () => ({ ...first, nodeId: 'node-1' })],
      ['commitment that is no point', () => withPart(first, 0, new Uint8Array(32).fill(255))],
      ['commitment of another boot', () => ({ ...first, boot: flipped(first.boot) })],
      ['commitment with a counter of before', () => ({ ...first, counter: 1n })],
      ['one point twice', () => withPart(first, 1, partOf(first, 0))],
    ];
    const [name, lie] = this.#rng.pick(lies);
    this.#told(name);
    return [lie(), ...supplies.slice(1)];
  }

  #envelope(envelope: Envelope): Envelope {
    const { sessionId, kind, from, to, content } = envelope;
    if (content?.$case === 'sealed') {
      this.#told(`${kind} that does not open`);
      return { ...envelope, content: { $case: 'sealed', value: flipped(content.value) } };
    }
    if (content?.$case !== 'open') return envelope;
    if (this.#rng.chance(0.2)) {
      this.#told(`${kind} with another’s signature`);
      const signature = flipped(content.value.signature);
      return { ...envelope, content: { $case: 'open', value: { ...content.value, signature } } };
    }
    if (this.#rng.chance(0.1)) {
      this.#told(`${kind} in another’s name`);
      return signEnvelope(this.#signer, sessionId, kind, from + 1, to, content.value.body);
    }
    this.#told(`${kind} that is wrong`);
    return signEnvelope(
      this.#signer,
      sessionId,
      kind,
      from,
      to,
      this.#body(kind, content.value.body),
    );
  }

  #body(kind: string, body: Uint8Array): Uint8Array {
    const bits = (bytes: Uint8Array): Uint8Array => flipped(bytes, this.#rng.int(bytes.length));
    switch (kind) {
      case SHARE_KIND: {
        const said = decode(SignatureShare, body);
        return encode(SignatureShare, { share: bits(said?.share ?? new Uint8Array(32)) });
      }
      case DECLINED_KIND:
        return encode(Declined, { reason: this.#rng.pick(REASONS), index: this.#rng.int(4) });
      case keygen.kinds.commit: {
        const said = decode(KeygenCommitment, body);
        if (said === undefined) return body;
        const [hash, sealKey] = [said.hash, said.sealKey];
        const lie = this.#rng.chance(0.5);
        return encode(KeygenCommitment, {
          hash: lie ? bits(hash) : hash,
          sealKey: lie ? sealKey : bits(sealKey),
        });
      }
      case keygen.kinds.open:
        return this.#opening(body);
      case resharing.kinds.open:
        return this.#dealing(body);
      default:
        return bits(body);
    }
  }

  #opening(body: Uint8Array): Uint8Array {
    const said = decode(KeygenOpening, body);
    if (said === undefined) return body;
    const [first, ...rest] = said.coefficients;
    const lies: readonly Partial<KeygenOpening>[] = [
      { coefficients: [...said.coefficients, ...rest.slice(-1)] },
      { coefficients: rest },
      { coefficients: rest.length > 0 ? [...rest, first ?? new Uint8Array(32)] : [] },
      { proofResponse: flipped(said.proofResponse) },
      { salt: flipped(said.salt) },
    ];
    return encode(KeygenOpening, { ...said, ...this.#rng.pick(lies) });
  }

  #dealing(body: Uint8Array): Uint8Array {
    const said = decode(ReshareOpening, body);
    if (said === undefined) return body;
    const { coefficients, salt } = said;
    const lies: readonly Partial<ReshareOpening>[] = [
      { coefficients: [...coefficients, ...coefficients.slice(-1)] },
      { coefficients: coefficients.slice(1) },
      { coefficients: coefficients.toReversed() },
      { salt: flipped(salt) },
    ];
    return encode(ReshareOpening, { ...said, ...this.#rng.pick(lies) });
  }

  /** The liar's own `ready`, `installed` or `destroyed`, saying something else, signed. */
  #fact(bytes: Uint8Array): Uint8Array {
    const command = decode(Command, bytes)?.command;
    if (command?.$case === 'ready') {
      const { sharing: value } = command.value;
      if (value === undefined) return bytes;
      const lies = [
        { threshold: value.threshold + 1 },
        { digest: flipped(value.digest) },
        { publicKey: value.publicPolynomial.at(-1) ?? value.publicKey },
        { sessionId: flipped(value.sessionId) },
        { participants: value.participants.slice(1) },
        { requestHash: flipped(value.requestHash) },
        { publicPolynomial: value.publicPolynomial.toReversed() },
      ];
      this.#told('ready that is wrong');
      const sharing = { ...value, ...this.#rng.pick(lies) };
      const signature = this.#signer.sign(readyBytes(this.#clusterId, sharing));
      return encodeCommand({ $case: 'ready', value: { ...command.value, sharing, signature } });
    }
    if (command?.$case === 'destroyed') {
      this.#told('destroyed that is wrong');
      const said = { ...command.value, requestHash: flipped(command.value.requestHash) };
      const signature = this.#signer.sign(destroyedBytes(this.#clusterId, said));
      return encodeCommand({ $case: 'destroyed', value: { ...said, signature } });
    }
    if (command?.$case !== 'installed') return bytes;
    this.#told('installed that is wrong');
    const said = { ...command.value, digest: flipped(command.value.digest) };
    const signature = this.#signer.sign(installedBytes(this.#clusterId, said));
    return encodeCommand({ $case: 'installed', value: { ...said, signature } });
  }
}

/** The message that carries an envelope of this kind. */
function carrying(envelope: Envelope): TaskMessageBody['message'] {
  const value = { envelope, freshSupplies: undefined };
  if (isShareKind(envelope.kind)) return { $case: 'contribution', value };
  if (envelope.kind === DECLINED_KIND) return { $case: 'decline', value };
  return { $case: 'envelope', value: envelope };
}
