import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';

/** A command that is loaded when it is called: each needs other libraries, and some take long to load. */
export type CommandEntry = {
  readonly name: string;
  /** Its line in the list of all commands. */
  readonly summary: string;
  load(context: CommandContext): Promise<Command>;
};

/** The commands of `quorate`, in the order of its help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'dev',
    summary: 'run a cluster of three nodes on this machine',
    load: async (context) => (await import('./commands/dev.js')).devCommand(context),
  },
  {
    name: 'keys',
    summary: 'make keys and see them',
    load: async (context) => (await import('./commands/keys.js')).keysCommand(context),
  },
  {
    name: 'sign',
    summary: 'sign a message',
    load: async (context) => (await import('./commands/sign.js')).signCommand(context),
  },
  {
    name: 'verify',
    summary: 'check a signature',
    load: async (context) => (await import('./commands/verify.js')).verifyCommand(context),
  },
  {
    name: 'verify-blame',
    summary: 'check evidence against nodes, offline',
    load: async (context) =>
      (await import('./commands/verify-blame.js')).verifyBlameCommand(context),
  },
  {
    name: 'tasks',
    summary: 'see what the cluster does and has done',
    load: async (context) => (await import('./commands/tasks.js')).tasksCommand(context),
  },
  {
    name: 'cluster',
    summary: 'see the nodes and their leader',
    load: async (context) => (await import('./commands/cluster.js')).clusterCommand(context),
  },
  {
    name: 'certs',
    summary: 'make the files that a cluster begins with, and issue certificates',
    load: async (context) => (await import('./commands/certs.js')).certsCommand(context),
  },
  {
    name: 'node',
    summary: 'run one node',
    load: async (context) => (await import('./commands/node.js')).nodeCommand(context),
  },
  {
    name: 'config',
    summary: 'check the configuration of a node',
    load: async (context) => (await import('./commands/config.js')).configCommand(context),
  },
  {
    name: 'audit',
    summary: 'read a node’s audit log, and check that it is whole',
    load: async (context) => (await import('./commands/audit.js')).auditCommand(context),
  },
  {
    name: 'store',
    summary: 'move a node’s key shares between stores',
    load: async (context) => (await import('./commands/store.js')).storeCommand(context),
  },
  {
    name: 'node-key',
    summary: "change the key that seals a node's shares and identity",
    load: async (context) => (await import('./commands/node-key.js')).nodeKeyCommand(context),
  },
  {
    name: 'doctor',
    summary: 'say what is wrong with a node or a client’s set-up',
    load: async (context) => (await import('./commands/doctor.js')).doctorCommand(context),
  },
  {
    name: 'context',
    summary: 'name clusters, and choose the one to call',
    load: async (context) => (await import('./commands/context.js')).contextCommand(context),
  },
  {
    name: 'bench',
    summary: 'measure generating keys and signing',
    load: async (context) => (await import('./commands/bench.js')).benchCommand(context),
  },
];
