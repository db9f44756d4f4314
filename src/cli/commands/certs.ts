import { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { initCommand } from './certs-init.js';
import { issueCommand } from './certs-issue.js';
import { listRevokedCommand, revokeCommand } from './certs-revoke.js';

/** `quorate certs`: what nodes and people need to know each other. */
export function certsCommand(context: CommandContext): Command {
  return new Command('certs')
    .description('Authorities, certificates, identity keys; what is revoked of them.')
    .addCommand(initCommand(context))
    .addCommand(issueCommand(context))
    .addCommand(revokeCommand(context))
    .addCommand(listRevokedCommand(context));
}
