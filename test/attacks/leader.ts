import type { Suite } from '../../src/frost/index.js';
import type { Attempt, Command, Supply } from '../../src/wire/index.js';
import { supply } from '../support/builders/ledger.js';
import { ofSuite, unless } from './case.js';
import type { AttackCase } from './case.js';
import { Cluster, ONE, TWO } from './cluster.js';
import { withPart } from '../support/builders/ledger.js';

type Lie = {
  readonly name: string;
  readonly rows: readonly number[];
  /** What the leader makes of the attempts that it proposes. */
  change(supplies: readonly Supply[], attempt: Attempt): Partial<Attempt>;
  /** What node-2 answers to the first attempt: a word, or nothing where the entry is void. */
  readonly answer: string | undefined;
};

/** A lying leader, node-1: whom it frames declines, and nobody is blamed. */
export function leaderCases(suite: Suite): readonly AttackCase[] {
  return lies(suite).map((lie): AttackCase => ({
    name: ofSuite(suite, `the leader lies: ${lie.name}`),
    rows: lie.rows,
    expected: [],
    liars: [ONE],
    run: async () => {
      const cluster = await Cluster.start(suite, ONE, true);
      await cluster.sign('warm', [ONE, TWO]);
      await cluster.pass(100);
      let first = true;
      cluster.proposing = (command) => {
        // Once it has lied it opens no other attempt, so that what is answered is answered to the lie.
        if (command.command?.$case === 'attempt') return [];
        const changed = first ? altered(command, lie) : undefined;
        if (changed !== undefined) first = false;
        return [changed ?? command];
      };
      await cluster.sign('one', [ONE, TWO]);
      await cluster.pass(60);
      const answers = cluster.answersOf(TWO, 'one');
      cluster.stop();
      const wanted = lie.answer === undefined ? [] : [lie.answer];
      return {
        named: await cluster.named(),
        problems: unless(
          answers.slice(0, 1).join() === wanted.join(),
          `node-2 answered: ${answers.join()}`,
        ),
      };
    },
  }));
}

function altered({ command }: Command, lie: Lie): Command | undefined {
  const attempt = command?.$case === 'request' ? command.value.firstAttempt : undefined;
  if (command?.$case !== 'request' || attempt?.assignment?.$case !== 'supplies') return undefined;
  const { supplies } = attempt.assignment.value;
  const firstAttempt = { ...attempt, ...lie.change(supplies, attempt) };
  return { level: 1, command: { $case: 'request', value: { ...command.value, firstAttempt } } };
}

const assigned = (supplies: readonly Supply[]): Partial<Attempt> => ({
  assignment: { $case: 'supplies', value: { supplies: [...supplies] } },
});

const second = (supplies: readonly Supply[], change: (own: Supply) => Partial<Supply>) =>
  assigned(supplies.map((own) => (own.nodeId === TWO ? { ...own, ...change(own) } : own)));

function lies({ group }: Suite): Lie[] {
  const G = group.encode(group.base);
  const noEntry = (name: string, change: Lie['change']): Lie => ({
    name,
    rows: [12],
    change,
    answer: undefined,
  });
  return [
    {
      name: 'another D for node-2',
      rows: [13],
      change: (supplies) => second(supplies, (own) => withPart(own, 0, G)),
      answer: 'nonce-mismatch',
    },
    {
      name: 'another E for node-2',
      rows: [13],
      change: (supplies) => second(supplies, (own) => withPart(own, 1, G)),
      answer: 'nonce-mismatch',
    },
    {
      name: 'a commitment of an earlier run of node-2',
      rows: [10],
      change: (supplies) =>
        second(supplies, ({ boot }) => ({ boot: boot.map((byte) => byte ^ 1) })),
      answer: 'boot-changed',
    },
    {
      name: 'a nonce that was never made',
      rows: [9],
      change: (supplies) => second(supplies, () => ({ counter: 999_999n })),
      answer: 'nonce-gone',
    },
    {
      name: 'a commitment of its own that is no point',
      rows: [7, 12],
      change: (supplies) =>
        assigned(
          supplies.map((own) =>
            own.nodeId === ONE ? withPart(own, 0, new Uint8Array(group.pointBytes)) : own,
          ),
        ),
      answer: 'bad-commitment',
    },
    noEntry('a stranger among the signers', (supplies) =>
      assigned([...supplies.slice(1), supply('node-9', 1, { parts: [G, G] })]),
    ),
    noEntry('one signer twice', (supplies) =>
      assigned([...supplies.slice(1), ...supplies.slice(1)]),
    ),
    noEntry('one signer too few', (supplies) => assigned(supplies.slice(1))),
    noEntry('one signer too many', (supplies) =>
      assigned([...supplies, supply('node-3', 1, { parts: [G, G] })]),
    ),
    noEntry('signers out of order', (supplies) => assigned(supplies.toReversed())),
    { ...noEntry('another version', () => ({ version: 2 })), rows: [12] },
    {
      ...noEntry('another sharing', () => ({ sharingSession: new Uint8Array(32) })),
      rows: [12, 25],
    },
    { ...noEntry('another request', () => ({ requestHash: new Uint8Array(32) })), rows: [12, 16] },
    noEntry('another number', () => ({ number: 2 })),
  ];
}
