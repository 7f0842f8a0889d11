/** A schema registry in memory: subjects with versions and rules. It judges as the real one does, by the rules of Avro. */

import type { AvroSchemaJson } from '../../src/core/avro-types.ts';
import { conflicts } from '../../src/core/schema-findings.ts';
import type { SchemaAdmin } from '../../src/ports.ts';

export class MemorySchemaAdmin implements SchemaAdmin {
  readonly rules = new Map<string, string>();
  /** Everything that was changed, in order. */
  readonly changes: string[] = [];
  readonly #subjects = new Map<string, AvroSchemaJson[]>();
  readonly #ids: string[] = [];

  async fetchSchema(schemaId: number) {
    const text = this.#ids[schemaId - 1];
    if (text === undefined) return { kind: 'unknown' } as const;
    return { kind: 'schema', schema: JSON.parse(text) as unknown, references: [] } as const;
  }

  async versions(subject: string) {
    return this.#schemasOf(subject).map((schema, index) => ({ version: index + 1, id: this.#idOf(schema) }));
  }

  async lookup(subject: string, schema: AvroSchemaJson) {
    return this.#has(subject, schema) ? this.#idOf(schema) : null;
  }

  async compatibilityOf(subject: string) {
    return this.rules.get(subject) ?? null;
  }

  async accepts(subject: string, version: number, schema: AvroSchemaJson) {
    const other = this.#schemasOf(subject)[version - 1];
    if (other === undefined) throw new Error(`${subject} has no version ${version}`);
    return conflicts({ schema, references: [] }, { schema: other, references: [] }, 'the version').length === 0;
  }

  async register(subject: string, schema: AvroSchemaJson) {
    if (this.#has(subject, schema)) return this.#idOf(schema);
    for (const { version } of await this.versions(subject)) {
      const refusal = Object.assign(new Error(`${subject} does not take it`), { status: 409 });
      if (!(await this.accepts(subject, version, schema))) throw refusal;
    }
    this.changes.push(`register ${subject}`);
    this.#subjects.set(subject, [...this.#schemasOf(subject), schema]);
    if (!this.rules.has(subject)) this.rules.set(subject, 'FULL_TRANSITIVE');
    return this.#idOf(schema);
  }

  async setRule(subject: string) {
    this.changes.push(`rule ${subject}`);
    this.rules.set(subject, 'FULL_TRANSITIVE');
  }

  #schemasOf(subject: string): readonly AvroSchemaJson[] {
    return this.#subjects.get(subject) ?? [];
  }

  #has(subject: string, schema: AvroSchemaJson): boolean {
    return this.#schemasOf(subject).some(each => JSON.stringify(each) === JSON.stringify(schema));
  }

  #idOf(schema: AvroSchemaJson): number {
    const text = JSON.stringify(schema);
    if (!this.#ids.includes(text)) this.#ids.push(text);
    return this.#ids.indexOf(text) + 1;
  }
}
