/**
 * The entries in force, linked: workspace → connections → mappings.
 *
 * Guarantee: links are by id and looked up late, so entries may come, change and go in any order. Only the workspaces
 * that a change concerns are worked out anew, and only when their next event asks.
 */

import type { ConfigEntry, Connection, UnusableConnection } from './config-entry.ts';
import { buildWorkspaceIndex, type Candidates, type MappingState, type WorkspaceIndex } from './mapping-index.ts';
import type { Trigger } from './record.ts';

type MappingsById = Map<string, MappingState>;

export class MappingDirectory {
  readonly #usable = new Map<string, Connection>();
  readonly #unusable = new Map<string, UnusableConnection>();
  /** Connection id → workspace id, usable or not. */
  readonly #workspaceOf = new Map<string, string>();
  readonly #connectionsOf = new Map<string, Set<string>>();
  readonly #mappingsOf = new Map<string, MappingsById>();
  readonly #indexes = new Map<string, WorkspaceIndex>();

  add(entry: ConfigEntry): void {
    switch (entry.kind) {
      case 'connection':
        this.#usable.set(entry.connection.connection_id, entry.connection);
        this.#link(entry.connection.connection_id, entry.connection.workspace_id);
        break;
      case 'unusable_connection':
        this.#unusable.set(entry.connection.connection_id, entry.connection);
        this.#link(entry.connection.connection_id, entry.connection.workspace_id);
        break;
      case 'mapping':
      case 'unusable_mapping':
        this.#addMapping(entry.mapping);
    }
  }

  remove(entry: ConfigEntry): void {
    if (entry.kind === 'mapping' || entry.kind === 'unusable_mapping') {
      this.#removeMapping(entry.mapping);
      return;
    }
    const { connection_id } = entry.connection;
    this.#usable.delete(connection_id);
    this.#unusable.delete(connection_id);
    this.#unlink(connection_id);
  }

  connection(connectionId: string): Connection | null {
    return this.#usable.get(connectionId) ?? null;
  }

  connections(): IterableIterator<Connection> {
    return this.#usable.values();
  }

  unusableConnections(): IterableIterator<UnusableConnection> {
    return this.#unusable.values();
  }

  /** The mappings that may want an event; `null` when its workspace has no connection. */
  candidates(workspaceId: string, trigger: Trigger): Candidates | null {
    let index = this.#indexes.get(workspaceId);
    if (index === undefined) {
      const connectionIds = this.#connectionsOf.get(workspaceId);
      if (connectionIds === undefined) return null;
      index = this.#buildIndex(connectionIds);
      this.#indexes.set(workspaceId, index);
    }
    return index[trigger];
  }

  #buildIndex(connectionIds: Iterable<string>): WorkspaceIndex {
    const states = [...connectionIds].flatMap(connectionId => {
      const connection = this.#usable.get(connectionId) ?? this.#unusable.get(connectionId);
      const mappings = this.#mappingsOf.get(connectionId)?.values() ?? [];
      return connection === undefined ? [] : [{ connection, mappings: [...mappings] }];
    });
    return buildWorkspaceIndex(states);
  }

  #addMapping(mapping: MappingState): void {
    const { mapping_id, connection_id } = mapping;
    if (connection_id === null) return;
    const siblings: MappingsById = this.#mappingsOf.get(connection_id) ?? new Map();
    this.#mappingsOf.set(connection_id, siblings.set(mapping_id, mapping));
    this.#invalidate(connection_id);
  }

  #removeMapping({ mapping_id, connection_id }: MappingState): void {
    if (connection_id === null) return;
    const siblings = this.#mappingsOf.get(connection_id);
    siblings?.delete(mapping_id);
    if (siblings?.size === 0) this.#mappingsOf.delete(connection_id);
    this.#invalidate(connection_id);
  }

  #link(connectionId: string, workspaceId: string | null): void {
    if (workspaceId === null) return;
    this.#workspaceOf.set(connectionId, workspaceId);
    const siblings = this.#connectionsOf.get(workspaceId) ?? new Set<string>();
    this.#connectionsOf.set(workspaceId, siblings.add(connectionId));
    this.#indexes.delete(workspaceId);
  }

  #unlink(connectionId: string): void {
    const workspaceId = this.#workspaceOf.get(connectionId);
    if (workspaceId === undefined) return;
    this.#workspaceOf.delete(connectionId);
    const siblings = this.#connectionsOf.get(workspaceId);
    siblings?.delete(connectionId);
    if (siblings?.size === 0) this.#connectionsOf.delete(workspaceId);
    this.#indexes.delete(workspaceId);
  }

  #invalidate(connectionId: string): void {
    const workspaceId = this.#workspaceOf.get(connectionId);
    if (workspaceId !== undefined) this.#indexes.delete(workspaceId);
  }
}
