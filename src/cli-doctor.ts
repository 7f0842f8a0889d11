/** `tiktok-sync doctor` on the command line. */

import type { Command } from 'commander';
import { timeoutOf } from './cli-apply.ts';
import { type Action, addConfigFlags, configOrThrow, type End, type Given } from './cli-configuration.ts';
import type { DoctorRequest } from './control/doctor.ts';
import type { Host } from './control/host.ts';

export type RunDoctor = Action<DoctorRequest>;

export function addDoctor(program: Command, host: Host, runDoctor: RunDoctor, end: End): void {
  const doctor = program
    .command('doctor')
    .description('Look at Kafka, registry, Redis and TikTok and say what is wrong and what to do; change nothing.')
    .option('--verify-tokens', 'also ask TikTok about the token of every enabled connection')
    .option('--timeout <time>', 'how long each dependency may take; all end within four times that', '10s')
    .option('--json', 'as JSON');
  addConfigFlags(doctor).action(async (given: Given) => {
    const request = {
      timeoutMs: timeoutOf(given),
      verifyTokens: given.verifyTokens === true,
      json: given.json === true,
    };
    end(await runDoctor(request, configOrThrow(given, host), host));
  });
  doctor.addHelpText('after', HELP);
}

const HELP = `
Run it where the service runs, with its configuration, environment and token files. Everything is looked at side by side,
and what is wrong with one does not hide the others: brokers and the addresses they advertise, topics, rights, the
consumer group (and what a first start would send), the registry and its subjects, Redis, the way to TikTok, the clock,
connections, mappings and tokens. On Redis one claim is made and taken back; nothing else is written anywhere.

--json prints a list of {check, status, code, message, advice}; status is ok, warning, wrong, unreachable or skipped.

Examples:
  $ tiktok-sync doctor
  $ tiktok-sync doctor --verify-tokens --config tiktok-sync.yaml
  $ tiktok-sync doctor --json | jq '.[] | select(.status != "ok")'

Exit codes: 0 all is well (there may be warnings), 3 invalid configuration, 4 something is unreachable, 6 something is wrong.`;
