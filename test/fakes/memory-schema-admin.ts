/** A schema registry in memory: subjects with versions, and rules; `accepts` answers as it is told. */

import type { AvroSchemaJson } from '../../src/core/avro-types.ts';
import type { SchemaAdmin } from '../../src/ports.ts';

export class MemorySchemaAdmin implements SchemaAdmin {
  readonly rules = new Map<string, string>();
  /** The schemas of a subject, oldest first. */
  readonly subjects = new Map<string, AvroSchemaJson[]>();
  /** Everything that was changed, in order. */
  readonly changes: string[] = [];
  /** Subjects that take no further schema. */
  readonly refusing = new Set<string>();
  readonly #ids: string[] = [];

  async fetchSchema(schemaId: number) {
    const text = this.#ids[schemaId - 1];
    if (text === undefined) return { kind: 'unknown' } as const;
    return { kind: 'schema', schema: JSON.parse(text) as unknown, references: [] } as const;
  }

  async versions(subject: string) {
    return (this.subjects.get(subject) ?? []).map((schema, index) => ({ version: index + 1, id: this.#idOf(schema) }));
  }

  async lookup(subject: string, schema: AvroSchemaJson) {
    const known = (this.subjects.get(subject) ?? []).some(each => JSON.stringify(each) === JSON.stringify(schema));
    return known ? this.#idOf(schema) : null;
  }

  async compatibilityOf(subject: string) {
    return this.rules.get(subject) ?? null;
  }

  async accepts(subject: string) {
    return !this.refusing.has(subject);
  }

  async register(subject: string, schema: AvroSchemaJson) {
    this.changes.push(`register ${subject}`);
    this.subjects.set(subject, [...(this.subjects.get(subject) ?? []), schema]);
    if (!this.rules.has(subject)) this.rules.set(subject, 'FULL_TRANSITIVE');
    return this.#idOf(schema);
  }

  async setRule(subject: string) {
    this.changes.push(`rule ${subject}`);
    this.rules.set(subject, 'FULL_TRANSITIVE');
  }

  #idOf(schema: AvroSchemaJson): number {
    const text = JSON.stringify(schema);
    if (!this.#ids.includes(text)) this.#ids.push(text);
    return this.#ids.indexOf(text) + 1;
  }
}
