import { Option } from 'commander';
import type { Command } from 'commander';
import { shortfallOf } from '../client/index.js';
import type { JudgedKey, KeyTrust } from '../client/index.js';
import { usageError } from './exit-codes.js';

/** The flags that say which keys are believed. */
export type TrustFlags = {
  readonly requester?: readonly string[];
  readonly require?: KeyTrust;
};

/** From what is worth most to what is worth nothing. */
const VERDICTS: readonly KeyTrust[] = [
  'active',
  'vouched',
  'pending',
  'other-requester',
  'unverified',
];

/** The meaning of the verdicts, for help texts. */
export const VERDICTS_HELP = `
  active           every participant signed for it, and you, or a --requester, signed the request for it
  vouched          every participant signed for it; a node vouches for the requester (unsigned requests)
  pending          not all that is needed has been signed yet
  other-requester  all fits, but it was made for a requester that you have not named with --requester
  unverified       something does not fit: do not trust the public key`;

/** Adds the flags to a command. */
export function addTrustOptions(command: Command, least: KeyTrust): Command {
  return addRequireOption(command, least).addOption(
    new Option(
      '--requester <spiffe-id>',
      'a requester besides you whose keys you accept, by its whole SPIFFE id; may be repeated [QUORATE_REQUESTERS: a,b]',
    ).argParser((id: string, before: readonly string[] | undefined) => [...(before ?? []), id]),
  );
}

/** Adds the one flag that goes without the others. */
export function addRequireOption(command: Command, least: KeyTrust): Command {
  return command.addOption(
    new Option(
      '--require <verdict>',
      `what its certificate must be worth: ${VERDICTS.join(', ')} (default: ${least})`,
    ).argParser(verdictArgument),
  );
}

function verdictArgument(word: string): KeyTrust {
  const verdict = VERDICTS.find((each) => each === word);
  if (verdict !== undefined) return verdict;
  throw usageError(`"${word}" is no verdict; there are ${VERDICTS.join(', ')}`);
}

/** @throws QuorateError {@link shortfallOf}. */
export function demand(judged: JudgedKey, required: KeyTrust): void {
  const shortfall = shortfallOf(judged, required);
  if (shortfall !== undefined) throw shortfall;
}
