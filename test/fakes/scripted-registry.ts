/** A schema registry as a test wants it: one answer for each id, `unknown` for every other one. */

import type { RegistryAnswer } from '../../src/core/schema-verdict.ts';
import type { SchemaFetcher } from '../../src/ports.ts';

export class ScriptedRegistry implements SchemaFetcher {
  readonly answers = new Map<number, RegistryAnswer>();
  /** The ids that were asked for. */
  readonly asked: number[] = [];
  away = false;

  async fetchSchema(schemaId: number): Promise<RegistryAnswer> {
    this.asked.push(schemaId);
    if (this.away) return { kind: 'unavailable', problem: 'the registry is away' };
    return this.answers.get(schemaId) ?? { kind: 'unknown' };
  }
}
