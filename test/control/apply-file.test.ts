import { describe, expect, test } from 'vitest';
import { readConfigFile } from '../../src/control/apply-file.ts';
import { remarkLine } from '../../src/control/change-report.ts';
import { looksLikeToken } from '../../src/core/access-token.ts';
import { fieldNames } from '../../src/core/entry-fields.ts';
import { schemas } from '../core/event-records.ts';

const CONNECTION = '{connection_id: c-1, workspace_id: w, pixel_id: PIXEL, access_token: file:c-1}';

function read(text: string) {
  const { entries, problems } = readConfigFile(text, schemas);
  return {
    keys: entries.map(({ kind, id }) => `${kind}:${id}`),
    told: problems.map(each => remarkLine('f', each)),
    entries,
  };
}

describe('a file of connections and mappings', () => {
  test('is YAML with two lists, in one document or several, or JSON', () => {
    const mapping = '{mapping_id: m-1, connection_id: c-1, trigger: CONVERSION_CREATED, tiktok_event_name: Lead}';
    const one = read(`connections:\n  - ${CONNECTION}\nmappings:\n  - ${mapping}\n`);
    const several = read(`mappings: [${mapping}]\n---\nconnections: [${CONNECTION}]\n---\n`);
    const json = read(
      `{"connections": [{"connection_id": "c-1", "workspace_id": "w", "pixel_id": "P", "access_token": "file:c"}]}`,
    );
    expect(one).toMatchObject({ keys: ['connection:c-1', 'mapping:m-1'], told: [] });
    expect(several).toMatchObject({ keys: ['mapping:m-1', 'connection:c-1'], told: [] });
    expect(json).toMatchObject({ keys: ['connection:c-1'], told: [] });
    expect(read('connections: []\nmappings:\n')).toMatchObject({ keys: [], told: [] });
  });

  test('every problem is told at once, with its line, its column and the field', () => {
    const { told } = read(`connections:
  - connection_id: c-1
    workspace_id: w
    pixel_id: 12345
    access_tokn: file:c-1
  - workspace_id: w
    pixel_id: P
    access_token: canary-7f3a
mappings:
  - mapping_id: m-1
    connection_id: c-1
    trigger: CONVERSION
    tiktok_event_name: Lead
  - mapping_id: m-1
    connection_id: c-1
    trigger: CONVERSION_CREATED
    tiktok_event_name: Lead
  - Lead
`);
    expect(told).toEqual([
      'f:4:5: connection c-1: pixel_id: must be a string: put it in quotes',
      'f:5:5: connection c-1: access_tokn: is not a field of Connection; did you mean access_token?',
      'f:2:5: connection c-1: access_token: is required',
      'f:6:5: connection #2: connection_id: is required',
      expect.stringMatching(/^f:8:5: connection #2: access_token: a token is never stored in clear; use file:NAME/),
      expect.stringMatching(/^f:12:5: mapping m-1: trigger: is not a known symbol; known are CONVERSION_CREATED, /),
      'f:14:5: mapping m-1: mapping_id: is given twice, first in line 10',
      'f:18:5: mapping #3: must be a mapping with its fields',
    ]);
  });

  test('a name that looks like a token is told by its place alone', () => {
    const token = 'f3a9c1d27be84a6f90c2f3a9c1d27be84a6f90c2';
    const { told } = read(`connections:\n  - connection_id: c-1\n    ${token}: x\n${token}: []\n`);
    const name = '(a name that looks like a token)';
    expect(told).toContain(`f:3:5: connection c-1: ${name}: is not a field of Connection`);
    expect(told).toContain(`f:4:1: ${name}: is neither "connections" nor "mappings"`);
    const twice = read(`connections:\n  - {${token}: x, ${token}: y}\n`).told;
    expect([...told, ...twice].join()).not.toContain(token);
    for (const schema of [schemas.connection, schemas.mapping]) {
      expect(fieldNames(schema).filter(looksLikeToken)).toEqual([]);
    }
  });

  test.each([
    ['', 'f:1:1: holds nothing to apply: the lists "connections" and "mappings" are wanted'],
    ['# nothing\n', 'f:1:1: holds nothing to apply: the lists "connections" and "mappings" are wanted'],
    ['- a', 'f:1:1: the lists "connections" and "mappings" are wanted here'],
    ['connection: []', 'f:1:1: connection: is neither "connections" nor "mappings"; did you mean connections?'],
    [
      'a: 1\npixel_id: X',
      'f:2:1: pixel_id: is a field of an entry: put the entry into the list "connections" or "mappings"',
    ],
    ['mappings: {a: 1}', 'f:1:1: mappings: must be a list'],
    ['mappings: []\nmappings: []', 'f:2:1: not valid YAML: Map keys must be unique'],
  ])('%j: %s', (text, message) => {
    expect(read(text).told).toContain(message);
  });

  test.each([
    'connections: [{access_token: "canary-7f3a]',
    'connections:\n  - access_token: canary-7f3a: x\n',
    'connections:\n  - access_token: !canary-7f3a x\n',
    'connections:\n  - *canary-7f3a\n',
    'connections:\n  - access_token: |canary-7f3a\n      x\n',
    'connections:\n  - access_token: "\\canary-7f3a"\n',
    'connections: ]canary-7f3a\n',
    '\tcanary-7f3a',
    'connections:\n- a\n canary-7f3a',
    'connections: [{connection_id: canary-7f3a-id, access_token: [canary-7f3a]}]',
  ])('what is wrong with %j is told without what stands there', text => {
    const { told } = read(text);
    expect(told).not.toEqual([]);
    expect(told.join('\n').replaceAll('canary-7f3a-id', '')).not.toContain('canary');
  });

  test('anchors, aliases and merge keys save typing', () => {
    const { entries, told } = read(`connections: [${CONNECTION}]
mappings:
  - &lead {mapping_id: m-1, connection_id: c-1, trigger: CONVERSION_CREATED, tiktok_event_name: Lead}
  - <<: *lead
    mapping_id: m-2
    tiktok_event_name: Contact
`);
    expect(told).toEqual([]);
    expect(entries[2]?.fields).toMatchObject({ mapping_id: 'm-2', connection_id: 'c-1', tiktok_event_name: 'Contact' });
  });

  test('an amount keeps every digit that was typed', () => {
    const { entries } = read(`mappings:
  - mapping_id: m-1
    connection_id: c-1
    trigger: CONVERSION_CREATED
    tiktok_event_name: Lead
    fixed_value: 12345678901234.5678
`);
    expect(entries[0]?.fields['fixed_value']).toBe('12345678901234.5678');
  });
});
