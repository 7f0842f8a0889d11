/** The options of the sections `topics` and `config`: what is read and written, and what of it is left out. */

import { list, type Option, text } from './config-option.ts';

export const TOPICS = {
  conversions: topic('sourceloop.conversions', 'CONVERSIONS', 'Read: ConversionCreated.'),
  revenueUpdates: topic('sourceloop.revenue-updates', 'REVENUE_UPDATES', 'Read: RevenueUpdated.'),
  config: topic('sourceloop.tiktok.config', 'CONFIG', 'Read: connections and mappings (compacted).'),
  deadLetter: topic('sourceloop.tiktok.dead-letter', 'DEAD_LETTER', 'Written: what cannot be delivered.'),
  syncLog: topic('sourceloop.tiktok.sync-log', 'SYNC_LOG', 'Written: one entry per settled event.'),
  connectionStatus: topic(
    'sourceloop.tiktok.connection-status',
    'CONNECTION_STATUS',
    'Written and read: the state of each connection (compacted).',
  ),
};

export const CONFIG = {
  ignore: list({
    describe: 'Keys of the config topic to leave out, for an entry that can be neither repaired nor deleted.',
    default: [],
    item: /^.+$/,
    allowed: 'keys as they stand on the topic (connection:<id>, mapping:<id>, or a stray one), separated by commas',
    because: 'an unreadable entry without a good version keeps the service from getting ready',
  }),
};

function topic(name: string, env: string, describe: string): Option<string> {
  return text({
    describe,
    default: name,
    pattern: /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/,
    allowed: '1 to 249 letters, digits, dots, dashes, underscores',
    because: 'these are the names Kafka takes; no two topics of this section may be the same',
    env: `TOPIC_${env}`,
  });
}
