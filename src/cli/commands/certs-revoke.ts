import { Command } from 'commander';
import type { X509Certificate } from 'node:crypto';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClusterError, fromHex, toHex, whyUnreadable } from '../../common/index.js';
import type { Revocation } from '../../client/index.js';
import { readCertificates } from '../../pki/index.js';
import { identityOf } from '../../rpc/index.js';
import { hexArgument } from '../arguments.js';
import { addConnectionOptions } from '../connection.js';
import type { ConnectionFlags } from '../connection.js';
import { usageError } from '../exit-codes.js';
import { table } from '../format/table.js';
import { hex, time } from '../format/values.js';
import { READ_MS, SIGN_MS, withClient } from '../open-client.js';
import { addOrderOptions } from '../order-options.js';
import type { OrderFlags } from '../order-options.js';
import type { CommandContext } from '../command-context.js';

type RevokeFlags = ConnectionFlags &
  OrderFlags & {
    readonly of?: string;
    readonly keyOf?: string;
    readonly serial?: Uint8Array;
    readonly keyHash?: Uint8Array;
    readonly own?: true;
    readonly node?: true;
  };

/** `quorate certs revoke`: for a key that was stolen, before its certificate ends. */
export function revokeCommand(context: CommandContext): Command {
  const command = new Command('revoke')
    .description(
      'Revokes certificates, by serial number or by key, of nodes, requesters or authorities: every node ends the ' +
        'connections that are open with them, takes none, and takes no request that is signed with them. For good: no ' +
        'command and no node can undo it. Needs a certificate of role operator, and feature level 3.',
    )
    .option('--of <file>', 'the certificate in this PEM file, by its serial number')
    .option(
      '--key-of <file>',
      'the key of the certificate in this PEM file, with all certificates of that key',
    )
    .option('--serial <hex>', 'a serial number, of whichever authority', hexArgument('--serial'))
    .option(
      '--key-hash <hex>',
      'a key, by the SHA-256 of its SubjectPublicKeyInfo in DER',
      hexArgument('--key-hash'),
    )
    .option('--own', 'go on though the request is signed with it')
    .option(
      '--node',
      "go on though it is a node's, which is cut off until it has another certificate",
    );
  return addConnectionOptions(addOrderOptions(command))
    .addHelpText(
      'after',
      `
Examples:
  quorate certs revoke --of stolen/cert.pem --yes
  quorate certs revoke --key-of stolen/cert.pem --yes
  quorate certs list-revoked`,
    )
    .action(async (flags: RevokeFlags) => {
      if (!flags.yes)
        throw usageError('This cannot be undone: a certificate stays revoked. Give --yes');
      const meant = meantBy(flags, context);
      const { own, node, requestId } = flags;
      const input = { ...meant, allowOwn: own, allowNode: node, requestId };
      const taskId = await withClient(flags, context, SIGN_MS, (client, options) =>
        client.revokeCertificate(input, options),
      );
      if (flags.json) {
        const what =
          meant.serial === undefined
            ? { key_hash: toHex(meant.keyHash) }
            : { serial: toHex(meant.serial) };
        return context.out(JSON.stringify({ task_id: taskId, ...what }));
      }
      context.out(
        meant.serial === undefined
          ? `All certificates with the key ${toHex(meant.keyHash)} are revoked`
          : `Certificates with the serial number ${toHex(meant.serial)} are revoked`,
      );
    });
}

/** `quorate certs list-revoked`. */
export function listRevokedCommand(context: CommandContext): Command {
  const command = new Command('list-revoked')
    .description(
      'Lists what is revoked, as the answering node has applied it. Needs a certificate of role operator or auditor.',
    )
    .option('--json', 'print one JSON object');
  return addConnectionOptions(command).action(
    async (flags: ConnectionFlags & { readonly json?: true }) => {
      const revoked = await withClient(flags, context, READ_MS, (client, options) =>
        client.listRevocations(options),
      );
      if (flags.json) return context.out(JSON.stringify({ revocations: revoked.map(json) }));
      if (revoked.length === 0) return context.out('Nothing is revoked');
      const rows = revoked.map((each) => {
        const isKey = each.keyHash.length > 0;
        const value = isKey ? each.keyHash : each.serial;
        return [isKey ? 'key' : 'serial', hex(value), time(each.revokeTime), each.requester];
      });
      for (const line of table(['BY', 'VALUE', 'SINCE', 'REQUESTER'], rows)) context.out(line);
    },
  );
}

function json({ serial, keyHash, revokeTime, requester, taskId }: Revocation): object {
  return {
    ...(serial.length > 0 ? { serial: hex(serial) } : { key_hash: hex(keyHash) }),
    revoke_time: time(revokeTime),
    requester,
    task_id: taskId,
  };
}

type Meant =
  | { readonly serial: Uint8Array; readonly keyHash?: undefined }
  | { readonly keyHash: Uint8Array; readonly serial?: undefined };

/** @throws ClusterError `invalid-request` unless exactly one thing is named, and a node's certificate by --node. */
function meantBy(flags: RevokeFlags, context: CommandContext): Meant {
  const { of, keyOf, serial, keyHash } = flags;
  const given = [of, keyOf, serial, keyHash].filter((each) => each !== undefined);
  if (given.length !== 1) throw usageError('Name one of --of, --key-of, --serial and --key-hash');
  if (of !== undefined) return { serial: serialOf(certificateIn(of, flags, context)) };
  if (keyOf !== undefined) {
    const { publicKey } = certificateIn(keyOf, flags, context);
    const hash = createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' }));
    return { keyHash: new Uint8Array(hash.digest()) };
  }
  if (keyHash !== undefined) return { keyHash };
  const first = serial?.findIndex((byte) => byte !== 0) ?? -1;
  if (serial === undefined || first < 0) throw usageError('--serial must be a number above zero');
  return { serial: serial.subarray(first) };
}

function serialOf({ serialNumber }: X509Certificate): Uint8Array {
  return fromHex(serialNumber.toLowerCase()) ?? new Uint8Array(0);
}

function certificateIn(
  file: string,
  { node }: RevokeFlags,
  { folder }: CommandContext,
): X509Certificate {
  const reading = readCertificates(textOf(resolve(folder, file)));
  if (!reading.ok) throw usageError(`${file}: ${reading.refusal}`);
  const [certificate] = reading.value;
  const named = identityOf({ subjectaltname: certificate.subjectAltName ?? '' });
  const isNode = named?.role === 'tee' || named?.role === 'mesh';
  if (!isNode || node === true) return certificate;
  throw new ClusterError(
    'wrong-state',
    `${file} is a certificate of the node ${named.name}, which would be cut off until it has another: renew it first, and ` +
      'give --node',
    { reason: 'REVOKES_A_NODE', facts: { node_id: named.name } },
  );
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    throw usageError(`${path} cannot be read: ${whyUnreadable(cause)}`);
  }
}
