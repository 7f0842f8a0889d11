import { describe, expect, test } from 'vitest';
import { changeTo, tokenKind } from '../../src/core/config-change.ts';
import { entryFromJson } from '../../src/core/entry-fields.ts';
import type { StoredConfig } from '../../src/core/stored-config.ts';
import { connection } from './config-records.ts';
import { schemas } from './event-records.ts';

const NAME = { kind: 'connection', id: 'c-1' } as const;
const fieldsOf = (overrides: Readonly<Record<string, unknown>> = {}) =>
  entryFromJson('connection', connection(overrides), schemas).fields;
const stored = (overrides?: Readonly<Record<string, unknown>>): StoredConfig => ({
  entries: new Map([['connection:c-1', { ...NAME, offset: 0, fields: fieldsOf(overrides) }]]),
  unreadable: new Map(),
});
const NOTHING: StoredConfig = { entries: new Map(), unreadable: new Map() };

describe('what a wanted entry changes', () => {
  test('an added entry shows the fields that are set', () => {
    const change = changeTo(NAME, fieldsOf(), NOTHING);
    expect(change.change).toBe('added');
    expect(change.fields).toEqual([
      { field: 'connection_id', from: null, to: 'c-1' },
      { field: 'workspace_id', from: null, to: 'ws-1' },
      { field: 'pixel_id', from: null, to: 'PIXEL' },
      { field: 'access_token', from: null, to: 'file: reference' },
    ]);
  });

  test('nothing, where every field is the same', () => {
    expect(changeTo(NAME, fieldsOf({ enabled: true }), stored({ enabled: true }))).toMatchObject({
      change: 'unchanged',
      fields: [],
    });
  });

  test('the fields that differ, one that is unset among them', () => {
    const change = changeTo(NAME, fieldsOf({ enabled: false }), stored({ enabled: true, default_country: 'GB' }));
    expect(change.change).toBe('changed');
    expect(change.fields).toEqual([
      { field: 'default_country', from: 'GB', to: null },
      { field: 'enabled', from: true, to: false },
    ]);
  });

  test('everything, where what is there cannot be read', () => {
    const unreadable = new Map([['connection:c-1', { offset: 3, problem: 'truncated' }]]);
    expect(changeTo(NAME, fieldsOf(), { entries: new Map(), unreadable }).change).toBe('replaced');
  });

  test('a token reference by its kind only, and two of one kind are told apart', () => {
    const [change] = changeTo(NAME, fieldsOf({ access_token: 'env:TIKTOK_TOKEN_A' }), stored()).fields;
    expect(change).toEqual({ field: 'access_token', from: 'file: reference', to: 'env: reference' });
    const [other] = changeTo(NAME, fieldsOf({ access_token: 'file:canary-7f3a' }), stored()).fields;
    expect(other).toEqual({ field: 'access_token', from: 'file: reference', to: 'another file: reference' });
  });

  test.each([
    ['file:a', 'file: reference'],
    ['env:TIKTOK_TOKEN_A', 'env: reference'],
    ['aesgcm:v1:k:xyz', 'aesgcm: envelope'],
    ['canary-7f3a', 'token in clear'],
    ['', null],
    [null, null],
  ])('%s is a %s', (reference, kind) => {
    expect(tokenKind(reference)).toBe(kind);
  });
});
