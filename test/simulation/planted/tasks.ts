import type { PlantedBug } from './planted-bug.js';

/** Mistakes around keys, nonces, requests and outcomes. */
export const TASK_BUGS: readonly PlantedBug[] = [
  {
    name: 'a nonce is used twice',
    edits: [
      {
        find: 'this.#forget(supply.counter, kept.owner);\n        return kept.supply.secret;',
        replace: 'return kept.supply.secret.slice();',
      },
      {
        find: 'if (kept !== undefined && isOf(supply, kept.supply))',
        replace: 'if (false)',
      },
      // A leader that offers what it has offered before. With honest holders it would only be slow.
      { find: 'drop(run, named.counter);', replace: ';' },
      { find: 'drop(run, supply.counter);', replace: ';' },
    ],
    where: 'faults',
    first: 1,
    seeds: 5,
  },
  {
    name: 'a share leaves after the request has expired',
    edits: [
      {
        find: 'if (message === undefined || !due || clock.now() >= answered.expireTimeMs)',
        replace: 'if (message === undefined || !due)',
      },
    ],
    where: 'faults',
    first: 1,
    seeds: 10,
  },
  {
    name: 'a key is active before all participants are ready',
    edits: [
      {
        find: 'said.length === sharing.participants.length &&',
        replace: 'said.length === sharing.threshold &&',
      },
    ],
    where: 'faults',
    first: 33,
    seeds: 80,
  },
  {
    name: 'a ready statement is sent for a share that was never kept',
    edits: [
      {
        find: 'await shares.putIfAbsent(at, sealed)',
        replace: '{ absent: true }',
      },
      {
        find: 'if (stored === undefined || !this.#isKept(at, stored',
        replace: 'if (stored !== undefined && !this.#isKept(at, stored',
      },
    ],
    where: 'faults',
    first: 1,
    seeds: 5,
  },
  {
    name: 'a request is answered with the outcome of another that took its id',
    edits: [
      {
        find: 'if (!judged.ok) {\n            waiting.fail',
        replace: 'if (false) {\n            waiting.fail',
      },
    ],
    where: 'faults',
    first: 1,
    seeds: 20,
  },
  {
    name: 'a share leaves before its entry is durable here',
    edits: [
      {
        find: 'return Math.max(applied, Math.min(commit, log.durable));',
        replace: 'return Math.max(applied, Math.min(commit, log.last.index));',
      },
    ],
    where: 'faults',
    first: 1,
    seeds: 10,
  },
  {
    name: 'a known request is opened a second time',
    edits: [
      {
        find: 'if (known !== undefined)\n        return admitKnown(known, content, asked.requestId);',
        replace:
          'if (known !== undefined && false)\n        return admitKnown(known, content, asked.requestId);',
      },
    ],
    where: 'faults',
    first: 1,
    seeds: 10,
  },
  {
    name: 'another run of a node goes on with the session of an earlier one',
    edits: [
      {
        find: 'if (named === undefined || toHex(named.boot) !== self.boot) {',
        replace: 'if (named === undefined) {',
      },
    ],
    where: 'faults',
    first: 2,
    seeds: 20,
  },
  {
    name: 'the signature of a voucher is not verified',
    edits: [
      {
        find: 'verify.identity(node.identityKey, voucherBytes(',
        replace: '((..._) => true)(node.identityKey, voucherBytes(',
      },
    ],
    where: 'byzantine',
    first: 1,
    seeds: 20,
  },
  {
    name: 'the participants’ statements on a key are not compared',
    edits: [
      {
        find: 'said.every((one) => agree(one, sharing))',
        replace: 'true',
      },
    ],
    where: 'false statements',
    first: 4,
    seeds: 10,
  },
  {
    name: 'a nonce is used for commitments that are not its own',
    edits: [
      {
        find: 'if (!isOf(supply, kept.supply))',
        replace: 'if (false)',
      },
    ],
    where: 'byzantine',
    first: 27,
    seeds: 40,
  },
  {
    name: 'a recorded signature is an answer, whether it verifies or not',
    edits: [
      {
        find: 'return answer(verify(publicKey, payload.message, signature) ? publicKey : undefined)',
        replace: 'return answer(publicKey)',
      },
    ],
    where: 'byzantine',
    first: 3,
    seeds: 40,
  },
  {
    name: 'a client is answered before the entry of its request is committed',
    edits: [
      {
        find: 'return Math.max(applied, Math.min(commit, log.durable));',
        replace: 'return Math.max(applied, log.durable);',
      },
    ],
    where: 'faults',
    first: 1,
    seeds: 10,
  },
  {
    name: 'a client is answered with a sum that was not verified',
    edits: [
      {
        find: '(signature) => verifiers[algorithm].verify(publicKey, message, signature));',
        replace: '() => true);',
      },
      // Shares that are wrong. With right ones every sum verifies.
      {
        find: 'if (!isRightShare(suite, signing, binding, index, z_i))\n        return wrong;\n    return { share: group.encodeScalar(z_i) };',
        replace: 'return { share: group.encodeScalar(modulo(z_i + 1n, q)) };',
      },
    ],
    where: 'faults',
    first: 1,
    seeds: 5,
  },
  {
    name: 'a task is given up by a leader that holds its result',
    edits: [
      {
        find: 'if (results.of(task.id) !== undefined) {\n            this.#record(task, plan);\n            return true;\n        }',
        replace: '',
      },
      // It is recorded too late, so that there is a moment to give the task up in.
      {
        find: 'plan.proposed = true;\n        this.#parts.outcomes.add(',
        replace: 'void (',
      },
    ],
    where: 'faults',
    first: 1,
    seeds: 10,
  },
  {
    name: 'an attempt need not be of the request that its task was opened for',
    edits: [
      {
        find: 'equal(attempt.requestHash, task.requestHash) &&',
        replace: '',
      },
    ],
    where: 'byzantine',
    first: 37,
    seeds: 40,
  },
];
