import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type ConnectionState, RELEASE_CAUSES, STATE_NAMES } from '../../src/core/connection-state.ts';
import {
  connectionIdOf,
  createStatusDecoder,
  stateOfRecord,
  statusKey,
  statusRecordOf,
} from '../../src/core/connection-status-record.ts';
import { RecordEncoder } from '../../src/core/encode.ts';
import { schemas } from './event-records.ts';

const writing = { workspaceId: null, instance: 'a', now: 5 };
const encoder = new RecordEncoder(schemas.connectionStatus);
const decoder = createStatusDecoder(schemas.connectionStatus);
decoder.learn(7, { kind: 'schema', schema: schemas.connectionStatus, references: [] });

const someState: fc.Arbitrary<ConnectionState> = fc.record({
  state: fc.constantFrom(...STATE_NAMES),
  configOffset: fc.nat(),
  tokenDigest: fc.option(fc.string()),
  since: fc.nat(),
  reason: fc.option(fc.string()),
  httpStatus: fc.option(fc.integer({ min: 100, max: 599 })),
  apiCode: fc.option(fc.integer()),
  requestId: fc.option(fc.string()),
  revision: fc.nat(),
  troubledSince: fc.option(fc.nat()),
  releaseCause: fc.option(fc.constantFrom(...RELEASE_CAUSES)),
});

function throughTheTopic(state: ConnectionState): ConnectionState | null {
  const record = decoder.decode(encoder.framed(7, statusRecordOf('c-1', state, writing)));
  return 'connection_id' in record ? stateOfRecord(record) : null;
}

it('every state is the same when it is read back', () => {
  fc.assert(
    fc.property(someState, state => {
      expect(throughTheTopic(state)).toEqual(state);
    }),
  );
});

it('a code that no integer type holds is left out rather than keep the state from being told', () => {
  const [state] = fc.sample(someState, 1) as [ConnectionState];
  expect(throughTheTopic({ ...state, apiCode: 1e300 })).toEqual({ ...state, apiCode: null });
});

it('an entry with a state this version does not know, or about no version of the entry, says nothing', () => {
  const [state] = fc.sample(someState, 1) as [ConnectionState];
  const record = statusRecordOf('c-1', state, writing);
  expect(stateOfRecord({ ...record, state: 'dreaming' })).toBeNull();
  expect(stateOfRecord({ ...record, state: null })).toBeNull();
  expect(stateOfRecord({ ...record, config_offset: null })).toBeNull();
  expect(stateOfRecord({ ...record, release_cause: 'luck', revision: null })).toMatchObject({
    releaseCause: null,
    revision: 0,
  });
});

it('an entry of a writer without our required fields is not read', () => {
  const nullable = (name: string) => ({ name, type: ['null', 'string'], default: null });
  const schema = { type: 'record', name: 'ConnectionStatus', fields: [nullable('connection_id'), nullable('state')] };
  const longs = ['since', 'updated_at'].map(name => ({ name, type: ['null', 'long'], default: null }));
  const theirs = { ...schema, fields: [...schema.fields, ...longs] };
  decoder.learn(8, { kind: 'schema', schema: theirs, references: [] });
  const value = new RecordEncoder(theirs).framed(8, { state: 'active' });
  expect(decoder.decode(value)).toMatchObject({ deadLetter: 'undecodable' });
});

it('keys name the connection', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), id => {
      expect(connectionIdOf(statusKey(id))).toBe(id);
    }),
  );
  expect(['connection:', 'mapping:m-1', ''].map(connectionIdOf)).toEqual([null, null, null]);
});
