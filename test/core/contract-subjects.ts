/** The subjects of the contract, for topics with names of a test. */

import { contractSubjects } from '../../src/core/schema-contract.ts';
import { schemas } from './event-records.ts';

const topics = {
  conversions: 'conversions',
  revenueUpdates: 'revenue',
  config: 'config',
  deadLetter: 'dead-letter',
  syncLog: 'sync-log',
  connectionStatus: 'status',
};

export const subjects = contractSubjects(topics, schemas);
