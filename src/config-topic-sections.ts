/** What of the configuration a command needs that reads or writes the config topic. */

import type { Config } from './config-options.ts';

export const TOPIC_SECTIONS = ['kafka', 'registry', 'topics'] as const;

export type TopicSections = Pick<Config, (typeof TOPIC_SECTIONS)[number]>;
