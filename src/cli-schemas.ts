/** `tiktok-sync schemas` on the command line. */

import type { Command } from 'commander';
import { type Action, addConfigFlags, type End, type Given, sectionsOrThrow } from './cli-configuration.ts';
import type { Host } from './control/host.ts';
import { CodedError } from './core/error-codes.ts';
import type { SchemasNeeds, SchemasRequest } from './schemas-command.ts';

export type RunSchemas = Action<SchemasRequest, SchemasNeeds>;

const EXIT_CODES = `Exit codes: 0 all is well, 2 the command line is not understood or the file cannot be read, 3 invalid configuration or no
Avro schema, 4 the registry could not be reached, 6 a schema is missing, incompatible or without its rule.`;

const CHECK_EXAMPLES = `  $ tiktok-sync schemas check                                       the registry's schemas, for the service
  $ tiktok-sync schemas check --schema conversion.avsc               a producer's schema, before it is used
  $ tiktok-sync schemas check --schema conversion.avsc --offline     the same without a registry
  $ tiktok-sync schemas check --schema conversion.avsc --subject acme.conversions-value --json`;

const REGISTER_EXAMPLES = `  $ tiktok-sync schemas register --dry-run
  $ tiktok-sync schemas register --registry-url http://registry:8081`;

export function addSchemas(program: Command, host: Host, runSchemas: RunSchemas, end: End): void {
  const schemas = program.command('schemas').description('Register the Avro schemas of the contract, or check them.');
  const check = schemas
    .command('check')
    .description('Say whether the registered schemas, or one of your own, go with the service and with each other.')
    .option('--schema <file>', 'a schema that a producer means to write with; - reads standard input')
    .option('--subject <name>', "with --schema: whose versions to compare it with (default: the contract's)")
    .option('--offline', "with --schema: ask no registry, compare with the service's own schemas")
    .option('--json', 'as JSON');
  addConfigFlags(check).action(async (given: Given) => {
    const request = checkRequest(given);
    end(await runSchemas(request, needs(given, host, given.offline === true), host));
  });
  check.addHelpText('after', `\nExamples:\n${CHECK_EXAMPLES}\n\n${EXIT_CODES}`);
  const register = schemas
    .command('register')
    .description(
      'Register the schemas of this version where they are missing, and set FULL_TRANSITIVE on each subject.',
    )
    .option('-n, --dry-run', 'say what would be done, change nothing')
    .option('--json', 'as JSON');
  addConfigFlags(register).action(async (given: Given) => {
    const request = { action: 'register', dryRun: given.dryRun === true, json: given.json === true } as const;
    end(await runSchemas(request, needs(given, host, false), host));
  });
  register.addHelpText('after', `\nExamples:\n${REGISTER_EXAMPLES}\n\n${EXIT_CODES}`);
  schemas.addHelpText('after', `\nExamples:\n${CHECK_EXAMPLES}\n${REGISTER_EXAMPLES}\n\n${EXIT_CODES}`);
}

function checkRequest({ json, offline, schema, subject }: Given): SchemasRequest {
  const file = typeof schema === 'string' ? schema : null;
  if (file === null && offline === true) {
    throw new CodedError('USAGE', '--offline looks at a schema of yours: give it with --schema FILE');
  }
  if (file === null && subject !== undefined) {
    throw new CodedError('USAGE', '--subject says where a schema of yours belongs: give it with --schema FILE');
  }
  return { action: 'check', file, subject: typeof subject === 'string' ? subject : null, json: json === true };
}

function needs(given: Given, host: Host, isOffline: boolean): SchemasNeeds {
  if (isOffline) return { ...sectionsOrThrow(['topics'], given, host), registry: null };
  return sectionsOrThrow(['registry', 'topics'], given, host);
}
