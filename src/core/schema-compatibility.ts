/**
 * Whether records of one schema can be read with another, by the rules of Avro alone.
 *
 * Guarantee: names the first field that does not fit. Namespaces do not count, as they do not for the readers here;
 * logical types do not either, as they do not for a registry.
 */

import avro from 'avsc';
import { messageOf } from './error-codes.ts';
import type { WriterSchema } from './writer-schema.ts';

type NamedTypes = Record<string, avro.Type>;
export type Resolver = ReturnType<avro.Type['createResolver']>;

/** Fresh for each call: avsc keeps its resolvers in it, by the names that all writers share here. */
const ignoringNamespaces = () => ({ ignoreNamespaces: true });

/**
 * How records of `writer` are read with `reader`.
 * @throws Error that names the first field that does not fit; avsc prints whole schemas instead.
 */
export function resolverOf(reader: avro.types.RecordType, writer: avro.types.RecordType): Resolver {
  try {
    return reader.createResolver(writer, ignoringNamespaces());
  } catch (error) {
    throw new Error(misfit(reader, writer) ?? messageOf(error));
  }
}

/** Why records of `writer` cannot be read with `reader`; null where they can. */
export function misreading(reader: avro.types.RecordType, writer: avro.types.RecordType): string | null {
  if (shortName(reader) !== shortName(writer)) return `the record is called ${shortName(writer)}`;
  try {
    resolverOf(reader, writer);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * The type of a schema as it stands, with the schemas it refers to (the registry's `references`, in any order).
 * @throws Error for what is no schema of a record.
 */
export function plainType({ schema, references }: WriterSchema): avro.types.RecordType {
  const known: NamedTypes = {};
  let waiting = [...references];
  // A reference may refer to another one: each round takes those whose names are all known by then.
  while (waiting.length > 0) {
    const left = waiting.filter(each => !isTakenIn(each, known));
    if (left.length === waiting.length) break;
    waiting = left;
  }
  const type = avro.Type.forSchema(schema as avro.Schema, { registry: known });
  if (!(type instanceof avro.types.RecordType)) throw new Error('the schema is not that of a record');
  return type;
}

/**
 * Every field, those of records inside it after it: `last_touch`, `last_touch.ttclid`, `contents[].price`.
 * A record within itself is not gone into again.
 */
export function fieldPaths(type: avro.types.RecordType): readonly string[] {
  return pathsWithin(type, '', []);
}

/** Without the fields inside of those that are named themselves. */
export function outermost(paths: readonly string[]): readonly string[] {
  return paths.filter(path => !paths.some(other => path.startsWith(`${other}.`) || path.startsWith(`${other}[`)));
}

function pathsWithin(type: avro.Type, path: string, outer: readonly avro.Type[]): readonly string[] {
  const { RecordType, ArrayType, WrappedUnionType, UnwrappedUnionType } = avro.types;
  if (type instanceof WrappedUnionType || type instanceof UnwrappedUnionType) {
    return type.types.flatMap(branch => pathsWithin(branch, path, outer));
  }
  if (type instanceof ArrayType) return pathsWithin(type.itemsType, `${path}[]`, outer);
  if (!(type instanceof RecordType) || outer.includes(type)) return [];
  return type.fields.flatMap(field => {
    const own = path === '' ? field.name : `${path}.${field.name}`;
    return [own, ...pathsWithin(field.type, own, [...outer, type])];
  });
}

function isTakenIn(schema: unknown, known: NamedTypes): boolean {
  // avsc keeps the names of a schema that it gives up on half way.
  const registry = { ...known };
  try {
    avro.Type.forSchema(schema as avro.Schema, { registry });
  } catch {
    return false;
  }
  Object.assign(known, registry);
  return true;
}

function shortName({ name = '' }: avro.types.RecordType): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function misfit(reader: avro.types.RecordType, writer: avro.types.RecordType): string | null {
  for (const field of reader.fields) {
    const written: avro.types.Field | undefined = writer.field(field.name);
    if (written === undefined) {
      if (field.defaultValue() === undefined) return `the field ${field.name} is missing`;
      continue;
    }
    try {
      field.type.createResolver(written.type, ignoringNamespaces());
    } catch {
      return `the field ${field.name} cannot be read from ${JSON.stringify(written.type).slice(0, 200)}`;
    }
  }
  return null;
}
