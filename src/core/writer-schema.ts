/**
 * A writer's schema, taken from the registry, made ready to be resolved against one of ours.
 *
 * Guarantee: only what decides about the bytes is kept. Namespaces, the names of nested types, defaults, docs and
 * aliases of the writer have no say, so a record written in any language and style resolves if its fields do.
 */

import type avro from 'avsc';
import { COMMON_NAME, writerType } from './avro-types.ts';

/** What the registry knows under a schema id. */
export interface WriterSchema {
  readonly schema: unknown;
  /** Schemas that `schema` refers to by name (the registry's `references`), in any order. */
  readonly references: readonly unknown[];
}

type Node = Readonly<Record<string, unknown>>;

interface Definition {
  readonly node: Node;
  readonly namespace: string;
}

const PRIMITIVES = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);

/** The record name without its namespace; `null` when the schema is not that of a record. */
export function shortRecordName({ schema }: WriterSchema): string | null {
  if (!isNode(schema) || schema['type'] !== 'record' || typeof schema['name'] !== 'string') return null;
  return schema['name'].slice(schema['name'].lastIndexOf('.') + 1);
}

/**
 * The writer's type under neutral names. `hidden` are top-level fields that must not meet a reader's field of that
 * name. Throws where the schema cannot be understood.
 */
export function typeOfWriter(writer: WriterSchema, hidden: ReadonlySet<string>): avro.types.RecordType {
  return writerType(new NeutralCopy(writer.references, hidden).copy(writer.schema, ''));
}

class NeutralCopy {
  readonly #hidden: ReadonlySet<string>;
  readonly #newNames = new Map<string, string>();
  readonly #referenced = new Map<string, Definition>();

  constructor(references: readonly unknown[], hidden: ReadonlySet<string>) {
    this.#hidden = hidden;
    for (const reference of references) {
      if (!isNode(reference)) continue;
      const { fullName, namespace } = nameOf(reference, '');
      this.#referenced.set(fullName, { node: reference, namespace });
    }
  }

  copy(node: unknown, namespace: string): unknown {
    if (Array.isArray(node)) return node.map(branch => this.copy(branch, namespace));
    if (typeof node === 'string') return this.#named(node, namespace);
    if (!isNode(node)) throw new Error('a type is neither a name, a list nor an object');
    const { type } = node;
    if (type === 'record' || type === 'error') return this.#record(node, namespace);
    if (type === 'enum') return { ...this.#rename(node, namespace), type, symbols: node['symbols'] };
    if (type === 'fixed') return { ...logical(node), ...this.#rename(node, namespace), type, size: node['size'] };
    if (type === 'array') return { type, items: this.copy(node['items'], namespace) };
    if (type === 'map') return { type, values: this.copy(node['values'], namespace) };
    if (typeof type === 'string' && PRIMITIVES.has(type)) return { ...logical(node), type };
    return this.copy(type, namespace);
  }

  #record(node: Node, enclosing: string): unknown {
    const top = this.#newNames.size === 0;
    const { namespace } = nameOf(node, enclosing);
    const renamed = this.#rename(node, enclosing);
    if (!Array.isArray(node['fields'])) throw new Error('a record has no fields');
    const fields = node['fields'].map((field: Node, index) => {
      const name = String(field['name']);
      // Names Avro does not allow exist all the same, in schemas of lenient writers. Names that every JavaScript
      // object has (toString) would make avsc read on without skipping the field.
      const usable = /^[A-Za-z_]\w*$/.test(name) && !(name in Object.prototype) && !(top && this.#hidden.has(name));
      return { name: usable ? name : `_hidden_${index}`, type: this.copy(field['type'], namespace) };
    });
    return { ...renamed, type: 'record', fields };
  }

  #rename(node: Node, enclosing: string): { readonly name: string } {
    const { fullName } = nameOf(node, enclosing);
    const name = `n${this.#newNames.size}.${COMMON_NAME}`;
    this.#newNames.set(fullName, name);
    return { name };
  }

  /** A primitive, or a type that was defined before or in a referenced schema. */
  #named(name: string, namespace: string): unknown {
    if (PRIMITIVES.has(name)) return name;
    for (const fullName of name.includes('.') ? [name] : [qualify(name, namespace), name]) {
      const known = this.#newNames.get(fullName);
      if (known !== undefined) return known;
      const referenced = this.#referenced.get(fullName);
      if (referenced !== undefined) return this.copy(referenced.node, referenced.namespace);
    }
    throw new Error(`the type ${name.slice(0, 100)} is not defined`);
  }
}

function logical(node: Node): Node {
  const { logicalType, precision, scale } = node;
  return logicalType === undefined ? {} : { logicalType, precision, scale };
}

function nameOf(node: Node, enclosing: string): { fullName: string; namespace: string } {
  const name = String(node['name']);
  const dot = name.lastIndexOf('.');
  const own = typeof node['namespace'] === 'string' ? node['namespace'] : enclosing;
  const namespace = dot === -1 ? own : name.slice(0, dot);
  return { fullName: dot === -1 ? qualify(name, namespace) : name, namespace };
}

function qualify(name: string, namespace: string): string {
  return namespace === '' ? name : `${namespace}.${name}`;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
