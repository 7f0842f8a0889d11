/** `tiktok-sync tokens` on the command line. */

import { type Command, Option as Flag } from 'commander';
import { addConfigFlags, type End, type Given, sectionsOrThrow } from './cli-configuration.ts';
import type { Config } from './config.ts';
import type { Host } from './control/host.ts';
import { runGenerateKey, runSeal, type SealRequest } from './control/tokens.ts';
import { CodedError } from './core/error-codes.ts';
import { isKeyId } from './core/token-keys.ts';

const NO_ARGUMENT =
  'a token is never an argument, because every process of the machine can read those: give it on standard input or by --token-file, and replace this one';

const GROUP_HELP = `
Examples:
  $ (umask 077; tiktok-sync tokens generate-key k1 > token-keys)
  $ tiktok-sync tokens seal --connection acme-main --key-file token-keys < token.txt

Exit codes: 0 done, 2 the command line is not understood or a file cannot be read, 3 keys, token or envelope are unusable.`;

export function addTokens(program: Command, host: Host, end: End): void {
  const tokens = program.command('tokens').description('Put access tokens into envelopes for the config topic.');
  addSeal(tokens, host, end);
  addGenerateKey(tokens, host, end);
  tokens.addHelpText('after', GROUP_HELP);
}

function addSeal(tokens: Command, host: Host, end: End): void {
  const seal = tokens
    .command('seal')
    .description('Print the envelope of a token, to be stored as the access_token of its connection.')
    .requiredOption('--connection <id>', 'the connection_id; the envelope opens for no other')
    .option('--token-file <file>', 'read the token here and not from standard input')
    .option('--envelope <envelope>', 'seal this one anew, with the key that seals now; takes no token')
    .option('--key-file <file>', 'instead of tokens.keyFile')
    .option('--key-id <id>', 'seal with this key, instead of tokens.sealWith or the first key')
    .option('--json', 'print {"connection_id", "key_id", "envelope"}')
    // Both are mistakes that commander would repeat in its message, token included.
    .addOption(new Flag('--token <token>').hideHelp())
    .allowExcessArguments();
  addConfigFlags(seal).action(async (given: Given, { args }: Command) => {
    if (args.length > 0 || given.token !== undefined) throw new CodedError('USAGE', NO_ARGUMENT);
    const { tokens: options } = sectionsOrThrow(['tokens'], given, host);
    end(await runSeal(sealRequest(given, options), host));
  });
  seal.addHelpText(
    'after',
    `
A token is never an argument, because every process of the machine can read those.

Examples:
  $ tiktok-sync tokens seal --connection acme-main --key-file keys < token.txt
  $ tiktok-sync tokens seal --connection acme-main --token-file token.txt --json
  $ tiktok-sync tokens seal --connection acme-main --envelope aesgcm:v1:k1:…

Exit codes: 0 the envelope was printed, 2 a file cannot be read, 3 keys, token or envelope are unusable.`,
  );
}

function addGenerateKey(tokens: Command, host: Host, end: End): void {
  tokens
    .command('generate-key')
    .description('Print a new key, as a line for the key file.')
    .argument('<key-id>', 'letters, digits, _ . and -, at most 32')
    .option('--json', 'print {"key_id", "line"}')
    .action((keyId: string, { json }: Given) => {
      if (!isKeyId(keyId)) throw new CodedError('USAGE', 'a key id has letters, digits, _ . and -, at most 32');
      end(runGenerateKey(keyId, json === true, host));
    })
    .addHelpText(
      'after',
      `
The key is a secret: let only the service read the file. The first key of the file seals unless tokens.sealWith names one.

Examples:
  $ (umask 077; tiktok-sync tokens generate-key k1 >> /etc/tiktok-sync/token-keys)

Exit codes: 0 the key was printed, 2 the command line is not understood.`,
    );
}

function sealRequest(given: Given, tokens: Config['tokens']): SealRequest {
  const keyFile = textOf(given.keyFile) ?? tokens.keyFile;
  if (keyFile === null) throw new CodedError('USAGE', 'there is no key file: give --key-file, or set tokens.keyFile');
  const [tokenFile, envelope] = [textOf(given.tokenFile), textOf(given.envelope)];
  if (tokenFile !== null && envelope !== null) {
    throw new CodedError('USAGE', '--token-file and --envelope are two tokens: give one of them');
  }
  const connectionId = String(given.connection);
  if (connectionId.trim() === '') throw new CodedError('USAGE', '--connection is empty');
  const keyId = textOf(given.keyId) ?? tokens.sealWith;
  return { connectionId, keyFile, keyId, tokenFile, envelope, json: given.json === true };
}

function textOf(given: unknown): string | null {
  return typeof given === 'string' ? given : null;
}
