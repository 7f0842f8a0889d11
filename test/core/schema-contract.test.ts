import { expect, test } from 'vitest';
import { contractSubjects } from '../../src/core/schema-contract.ts';
import { schemas } from './event-records.ts';

const topics = {
  conversions: 'c',
  revenueUpdates: 'r',
  config: 'cfg',
  deadLetter: 'dlq',
  syncLog: 'log',
  connectionStatus: 'status',
};

test('each topic of Avro records has its subjects, the config topic one for each kind of record', () => {
  expect(contractSubjects(topics, schemas).map(({ subject, schema }) => [subject, schema['name']])).toEqual([
    ['c-value', 'ConversionCreated'],
    ['r-value', 'RevenueUpdated'],
    ['cfg-com.sourceloop.tiktok.Connection', 'Connection'],
    ['cfg-com.sourceloop.tiktok.Mapping', 'Mapping'],
    ['log-value', 'SyncLogEntry'],
    ['status-value', 'ConnectionStatus'],
  ]);
});

test('either kind of event is read on either event topic, and either kind of entry on the config topic', () => {
  const readers = contractSubjects(topics, schemas).map(subject => subject.readers.map(reader => reader['name']));
  expect(readers).toEqual([
    ['ConversionCreated', 'RevenueUpdated'],
    ['ConversionCreated', 'RevenueUpdated'],
    ['Connection', 'Mapping'],
    ['Connection', 'Mapping'],
    ['SyncLogEntry'],
    ['ConnectionStatus'],
  ]);
});
