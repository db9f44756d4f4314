import { taskIdOf } from '../../src/identity/index.js';
import type { BackendChoice } from '../../src/machine/backends/choice.js';
import { OPERATOR } from '../support/builders/ledger.js';
import type { Check } from './mutate.js';

const ED25519 = 'FROST_ED25519_SHA512: ';

/** One line of the compiled code taken out, or made to hold always. */
function without(
  name: string,
  shows: string,
  ...[find, replace = '']: readonly [find: string, replace?: string]
): Check {
  return { name, shows: ED25519 + shows, edits: [{ find, replace }] };
}

/** The same for a case that is about no curve. */
function common(check: Check): Check {
  return { ...check, shows: check.shows.slice(ED25519.length) };
}

/** The library's known test at start, which finds a group without its checks before any attack does. */
const KNOWN_TEST = {
  find: 'if (!knowsPoints(curve, group))\n            throw',
  replace: 'if (false)\n            throw',
};

/** The same for a check of the group over one kind of library, whatever kind a node of this machine takes. */
function ofGroup(backend: BackendChoice, check: Check): Check {
  return { ...check, backend, edits: [...check.edits, KNOWN_TEST] };
}

/** What stands between an attack and its success: each, when taken out, must be missed by a case. */
export const CHECKS: readonly Check[] = [
  // Key generation, keygen/commit and keygen/open.
  without(
    'keygen/open opens keygen/commit',
    'keygen/open with another salt, to all',
    'if (!equal(commitment.hash, commitmentTo(sessionId, who, opening, opening.salt)))\n        return false;',
  ),
  without(
    'exactly t points, not one more',
    'one point too many, well proved',
    'opening?.coefficients.length !== threshold',
    'opening === undefined',
  ),
  without(
    'exactly t points, not one fewer',
    'one point too few, well proved',
    'opening?.coefficients.length !== threshold',
    '(opening?.coefficients.length ?? 99) > threshold',
  ),
  without(
    'proof of possession',
    'a rogue A_0 that cancels the others’, without proof',
    'return group.equal(group.multiplyPublic(group.base, z), expected);',
    'return true;',
  ),
  without(
    'the session in the proof’s challenge',
    'a proof made for another session',
    'const items = [bytesItem(sessionId), u16Item(i), listItem(A.map(pointItem)), pointItem(B)];',
    'const items = [u16Item(i), listItem(A.map(pointItem)), pointItem(B)];',
  ),
  without(
    'the index in the proof’s challenge',
    'a proof made for another index',
    'const items = [bytesItem(sessionId), u16Item(i), listItem(A.map(pointItem)), pointItem(B)];',
    'const items = [bytesItem(sessionId), listItem(A.map(pointItem)), pointItem(B)];',
  ),
  without(
    'at most as many points as participants can be',
    'more points than participants can be',
    'coefficients.length <= PARTICIPANTS_MAX && ',
  ),
  without(
    'points are read before they are used',
    'an A_1 of small order 3, well proved',
    'return points.length === encoded.length ? points : undefined;',
    'return points;',
  ),
  ofGroup(
    'javascript',
    without(
      'points lie in the subgroup',
      'bytes that are no point of the group',
      'point.is0() || !point.isTorsionFree()',
      'point.is0()',
    ),
  ),
  ofGroup(
    'javascript',
    without(
      'the identity is no point',
      'bytes that are no point of the group',
      'point.is0() || !point.isTorsionFree()',
      'false',
    ),
  ),
  ofGroup(
    'auto',
    without(
      'libsodium is asked whether a point is one',
      'bytes that are no point of the group',
      'return sodium.isValidPoint(point) ? point : undefined;',
      'return point;',
    ),
  ),
  without(
    'a scalar is below q',
    'a number that is not below q',
    'return scalar < this.order ? scalar : undefined;',
    'return scalar % this.order;',
  ),
  without(
    'a scalar has its length',
    'signing: a share of 33 bytes',
    'if (bytes.length !== SCALAR_BYTES)\n            return undefined;',
    'if (bytes.length > SCALAR_BYTES) bytes = bytes.slice(0, SCALAR_BYTES);',
  ),
  without(
    'an X25519 key with which everybody shares zero is none',
    'keygen/commit with a seal key of its own making, with which everybody shares zero',
    'return new SecretBytes(shared);\n    }\n    catch {\n        // OpenSSL refuses to derive what is all zero.\n        return undefined;',
    'return new SecretBytes(shared);\n    }\n    catch {\n        return new SecretBytes(new Uint8Array(32));',
  ),
  {
    name: 'nobody opens before all have committed',
    shows: `${ED25519}keygen/commit withheld: nobody shows a polynomial before it`,
    edits: [
      {
        find: "await party.round('commit', { all: { hash, sealKey: party.sealKey } });\n        const commitBodies = party.broadcasts('commit').map(({ body }) => body);",
        replace: "void party.round('commit', { all: { hash, sealKey: party.sealKey } });",
      },
      {
        find: "const openBodies = party.broadcasts('open').map(({ body }) => body);",
        replace:
          "const commitBodies = party.broadcasts('commit').map(({ body }) => body);\n        const openBodies = party.broadcasts('open').map(({ body }) => body);",
      },
    ],
  },
  // Key generation, keygen/value.
  without(
    'a value is on the shown polynomial',
    'keygen/value of another number, to one',
    'return group.equal(group.multiplyBase(scalar), evaluateInExponent(group, A, to));',
    'return true;',
  ),
  // Reshare. That a value is on the shown polynomial is one check for both.
  without(
    'a dealer opens what it has committed to',
    'reshare: reshare/open with another salt, to one',
    'if (!equal(committed.hash, dealingCommitment(sessionId, party, coefficients, salt)))\n        return false;',
  ),
  without(
    'exactly t′ points, not one more',
    'reshare: one point too many',
    'dealt?.coefficients.length !== threshold',
    'dealt === undefined',
  ),
  without(
    'exactly t′ points, not one fewer',
    'reshare: one point too few',
    'dealt?.coefficients.length !== threshold',
    '(dealt?.coefficients.length ?? 99) > threshold',
  ),
  without(
    'A’_0 is the dealer’s weighted share',
    'reshare: another A’_0 than its weighted share',
    'return expected !== undefined && sharing.group.equal(A_0, expected);',
    'return true;',
  ),
  without(
    'the weights of the dealers',
    'reshare: an A’_0 that is its share without a weight',
    'return X_i && group.multiplyPublic(X_i, lagrangeAtZero(group.order, dealers, dealer));',
    'return X_i;',
  ),
  without(
    'the session in a dealing’s commitment',
    'reshare: a commitment that was made for another session',
    'const items = [bytesItem(sessionId), u16Item(party), bytesItem(payload), bytesItem(salt)];',
    'const items = [u16Item(party), bytesItem(payload), bytesItem(salt)];',
  ),
  without(
    'the party in a dealing’s commitment',
    'reshare: a commitment that was made for another party',
    'const items = [bytesItem(sessionId), u16Item(party), bytesItem(payload), bytesItem(salt)];',
    'const items = [bytesItem(sessionId), bytesItem(payload), bytesItem(salt)];',
  ),
  without(
    'at most as many points of a dealing as participants can be',
    'reshare: more points than participants can be',
    'points.length <= PARTICIPANTS_MAX && ',
  ),
  {
    name: 'no dealer opens before all have committed',
    shows: `${ED25519}reshare: reshare/commit withheld: no dealer goes on`,
    edits: [
      {
        find: "await Promise.all([announced, committed]);\n    const commitBodies = bodiesOf(party, 'commit');",
        replace: 'void Promise.all([announced, committed]).catch(() => undefined);',
      },
      {
        find: "const bodies = bodiesOf(party, 'open');",
        replace:
          "const commitBodies = bodiesOf(party, 'commit');\n    const bodies = bodiesOf(party, 'open');",
      },
    ],
  },
  // Envelopes.
  without(
    'envelopes are signed by their sender',
    'keygen/commit with a broken signature',
    'return verify.identity(identityKey, channel.signedBytes(from, body), signature);',
    'return true;',
  ),
  without(
    'a second body is noticed',
    'two different keygen/open, to one',
    'this.#fail(new ProtocolAbort(message, [from], evidence));\n            return;',
    'return;',
  ),
  without(
    'a second sealed body is noticed',
    'two different keygen/value for one participant',
    'if (first !== undefined) {\n            const evidence',
    'if (first !== undefined && !channel.sealed) {\n            const evidence',
  ),
  without(
    'what is signed and cannot be read is its sender’s fault',
    'keygen/commit with what is no message, to all',
    'if (unreadable.length > 0) {',
    'if (false) {',
  ),
  // From the abort to the log.
  without(
    'a participant shows what it found',
    'generating: one point too many, told to all',
    'await accusation(this.#context, attempt, own, nodes, error, make)',
    'undefined',
  ),
  without(
    'digests of ready are compared',
    'generating: a whole run of its own for one participant: digests differ',
    'run.complaint = this.#kind.compare?.(attempt, run.session);',
  ),
  without(
    'the digest is over what was said',
    'generating: a whole run of its own for one participant: digests differ',
    "return xof('keygen', [bytesItem(sessionId), ...lists], 32);",
    "return xof('keygen', [bytesItem(sessionId)], 32);",
  ),
  without(
    'what came to one is compared with what came to others',
    'generating: a whole run of its own for one participant: digests differ',
    'return evidenceAgainst(attempt, nodeId, contradicting);',
    'return undefined;',
  ),
  without(
    'a key that cannot be made without a culprit is given up',
    'generating: a polynomial that is not the one it deals from, told to all',
    "plan.hopeless ??= 'CULPRIT_PROVED';",
    ';',
  ),
  without(
    'ready of all participants, not of some',
    'generating: ready withheld',
    'said.length === sharing.participants.length && ',
  ),
  without(
    'digests of all ready are equal',
    'generating: a made-up digest in ready',
    'equal(a.digest, b.digest) &&',
  ),
  without(
    'V of all ready is equal',
    'generating: another V in ready',
    'a.publicPolynomial.every((point, at) => equal(point, b.publicPolynomial[at] ?? point.slice(1)))',
    'true',
  ),
  without(
    'chain codes of all ready are equal',
    'generating: another chain code in ready',
    'equal(a.chainCode, b.chainCode) &&',
  ),
  // Signing.
  without(
    'what does not verify is not returned',
    'signing: a share of another number',
    'if (verify(signature))',
    'if (true)',
  ),
  without(
    'each share is checked when the sum is wrong',
    'signing: a share of zero',
    '|| !isRightShare(suite, signing, binding, index, z_j)',
    '',
  ),
  without(
    'a share that spells no scalar is its sender’s fault',
    'signing: a share of 31 bytes',
    'z_j === undefined || !isRightShare',
    'z_j !== undefined && !isRightShare',
  ),
  without(
    'what is signed and no share at all is its sender’s fault',
    'signing: a share of what is no message',
    'decode(SignatureShare, body)?.share ?? NO_SHARE',
    'decode(SignatureShare, body)?.share ?? share',
  ),
  without(
    'a second share is noticed',
    'signing: a second, different share, to another voter alone',
    'const first = shares.otherThan(from, attempt, envelope);',
    'const first = undefined;',
  ),
  without(
    'a wrong share is shown to all voters',
    'signing: a share of another number',
    'accusing.wrongShare(attempt, index, envelope);',
    ';',
  ),
  without(
    'a proved culprit is chosen last',
    'signing: a proved culprit is chosen last',
    'const trusted = signers.filter((node) => !culprits.has(node));',
    'const trusted = signers;',
  ),
  without(
    'who keeps silent is not asked for ever',
    'signing: silence',
    'this.#want(key, candidates);\n        return {',
    'return {',
  ),
  without(
    'a signer signs for its own commitment only',
    'the leader lies: another D for node-2',
    "if (!isOf(supply, kept.supply))\n            return 'other-bytes';",
  ),
  without(
    'a signer signs for its own run only',
    'the leader lies: a commitment of an earlier run of node-2',
    "if (toHex(own.boot) !== self.boot)\n            return declined('boot-changed');",
  ),
  without(
    'a signer checks its own share',
    'a bit of the key share flips in memory',
    'if (!isRightShare(suite, signing, binding, index, z_i))\n        return wrong;',
  ),
  without(
    'all commitments are points',
    'the leader lies: a commitment of its own that is no point',
    'if (D === undefined || E === undefined)\n            return { badCommitment: index };',
    'if (D === undefined || E === undefined)\n            continue;',
  ),
  without(
    'the message in the binding factors',
    'binding factors are bound to message, key, list and index',
    'concat(key.point, suite.H4(message), suite.H5(list))',
    'concat(key.point, suite.H5(list))',
  ),
  without(
    'the key in the binding factors',
    'binding factors are bound to message, key, list and index',
    'concat(key.point, suite.H4(message), suite.H5(list))',
    'concat(suite.H4(message), suite.H5(list))',
  ),
  without(
    'the whole list in the binding factors',
    'binding factors are bound to message, key, list and index',
    '[identifier(suite, index), D, E]));',
    '[identifier(suite, index), D]));',
  ),
  without(
    'randomness in nonces',
    'two nonces of one key share and one message',
    'const input = concat(hedge, scalar);',
    'const input = concat(scalar);',
  ),
  without(
    'the key share in nonces',
    'two nonces of one broken source of randomness',
    'const input = concat(hedge, scalar);',
    'const input = concat(hedge);',
  ),
  // Attempts.
  without(
    'signers hold shares of the key',
    'the leader lies: a stranger among the signers',
    'holders.has(supply.nodeId) &&',
  ),
  without(
    'exactly t signers',
    'the leader lies: one signer too few',
    'supplies.length === key.threshold &&',
    'supplies.length <= key.threshold &&',
  ),
  without(
    'signers stand in order, nobody twice',
    'the leader lies: signers out of order',
    'isSorted(supplies) &&',
  ),
  without(
    'an attempt is of the active version',
    'the leader lies: another version',
    'attempt.version === key.version &&',
  ),
  without(
    'an attempt is of the active sharing',
    'the leader lies: another sharing',
    'equal(attempt.sharingSession, key.sessionId) &&',
  ),
  without(
    'an attempt answers its task’s request',
    'the leader lies: another request',
    'equal(attempt.requestHash, task.requestHash) &&',
  ),
  without(
    'attempts are counted',
    'the leader lies: another number',
    'attempt.number === number &&',
  ),
  // Judging evidence.
  without(
    'evidence is signed by the accused',
    'framing: what nobody signed',
    'return isSigned ? { kind, from, to, digest, body } : undefined;',
    'return { kind, from, to, digest, body };',
  ),
  without(
    'only what is said once contradicts itself',
    'framing: two declines',
    'saidOnce.includes(one.kind) &&',
    '',
  ),
  without(
    'a contradiction is two different bodies',
    'framing: one share, shown twice',
    '!equal(one.digest, other.digest)',
    'true',
  ),
  without(
    'the accused’s own ready judges it',
    'framing: a right share and another V',
    'return verify.identity(identityKey, bytes, signature) ? sharing : undefined;',
    'return sharing;',
  ),
  without(
    'the ready is for the key of the request',
    'framing: a right share and the own ready for another key',
    'if (!isKeyAlgorithm(sharing.algorithm) || !ofThisKey)',
    'if (!isKeyAlgorithm(sharing.algorithm))',
  ),
  without(
    'the request’s path is judged with',
    'framing: a right share under a derived key',
    'sharedKey(sharing, request.path)',
    'sharedKey(sharing, [])',
  ),
  without(
    'nobody is blamed where nobody can say',
    'framing: a share for a list that nobody can sign',
    "index, share) === 'wrong';",
    "index, share) !== 'right';",
  ),
  without(
    'the request is the one that the attempt names',
    'framing: a right opening under another threshold or algorithm',
    '|| toHex(attempt.requestHash) !== toHex(requestHash(method, request))',
    '',
  ),
  without(
    'the message is the one that the attempt names',
    'framing: a right share under another message',
    '|| toHex(attempt.requestHash) !== toHex(requestHash(method, request))',
    '',
  ),
  without(
    'what is unreadable is of a kind that is read',
    'framing: refusals and complaints as unreadable messages',
    'codec !== undefined && codec.decode(first.body) === undefined',
    'codec?.decode(first.body) === undefined',
  ),
  {
    name: 'a complainer is not believed',
    shows: `${ED25519}signing: a complaint with what is no evidence`,
    edits: [
      {
        find: 'const evidence = decode(Evidence, bytes);',
        replace: `const evidence = decode(Evidence, bytes);\n    if (evidence === undefined)\n        return { nodeId: 'node-1', reason: 'WRONG_SHARE', taskId: '${taskIdOf(OPERATOR, 'one')}', sessionId: '' };`,
      },
      {
        find: 'const read = decode(Evidence, bytes);',
        replace:
          "const read = decode(Evidence, bytes);\n        if (read === undefined)\n            return [{ about: 'node-1', evidence: bytes }];",
      },
    ],
  },
  // Parts.
  common(
    without(
      'a nonce is taken once',
      'a nonce is taken once',
      'this.#forget(supply.counter, kept.owner);\n        return kept.supply.secret;',
      'return kept.supply.secret.slice();',
    ),
  ),
  common(
    without(
      'the run in a nonce’s name',
      'another run on a copy of the disk',
      'nodeId === this.#node && equal(boot, this.#boot) ?',
      'nodeId === this.#node ?',
    ),
  ),
  common(
    without(
      'the session in a share’s seal',
      'two sealed shares change places',
      'const session = fromHex(sessionId);',
      'const session = new Uint8Array(32);',
    ),
  ),
  common(
    without(
      'one secret, one algorithm',
      'a share is opened as another algorithm’s',
      '!isKind(secret.kind)',
      'false',
    ),
  ),
  common(
    without(
      'no field that the caller made up',
      'a field of the caller’s own, a digest or a scalar',
      'return equal(encode(type, message), bytes) ? message : undefined;',
      'return message;',
    ),
  ),
  without(
    'a leader verifies what it is told',
    'answering: a wrong result for the leader',
    'verifiers[algorithm].verify(publicKey, message, signature) &&\n            supplySigning(schemes, algorithm).isMadeOf(',
    'supplySigning(schemes, algorithm).isMadeOf(',
  ),
  common(
    without(
      'a request has a bound',
      'a giant request',
      'if (bytes.length > REQUEST_BYTES_MAX) {',
      'if (false) {',
    ),
  ),
  common(
    without(
      'ids have one form',
      'ids that mean something to JavaScript',
      'return ID_PATTERN.test(text);',
      'return true;',
    ),
  ),
];
