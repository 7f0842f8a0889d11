/** `dead-letters list|show|stats` on the real cluster: one pass over the topic, printed as it is read. */

import { systemClock } from './adapters/clock.ts';
import { KafkaDeadLetterReader, type LetterRange } from './adapters/kafka-dead-letter-reader.ts';
import { readSchemas } from './adapters/schema-files.ts';
import { createQuietKafka, createRegistry } from './clients.ts';
import type { TopicSections } from './config-topic-sections.ts';
import {
  LIST_HEADER,
  type ListRequest,
  letterJson,
  listLine,
  type ShowRequest,
  type StatsRequest,
  statisticsJson,
  statisticsLines,
  type WholeLetter,
  wholeLetterJson,
  wholeLetterLines,
} from './control/dead-letters.ts';
import { EXIT, type ExitCode } from './control/exit-codes.ts';
import type { Host } from './control/host.ts';
import { Progress } from './control/progress.ts';
import { noteWhileWaiting } from './control/waiting-note.ts';
import { createEventDecoder, type EventDecoder } from './core/decode.ts';
import { schemaIdOf } from './core/framed-records.ts';
import { type Letter, readLetter, sourceHeadersOf } from './core/letter.ts';
import { type LetterFilter, matches } from './core/letter-filter.ts';
import { LetterCounter } from './core/letter-statistics.ts';
import { type Masked, maskEvent } from './core/mask-event.ts';
import type { SourceRecord } from './core/record.ts';
import { unlessStopped } from './unless-stopped.ts';

export type LookRequest = ListRequest | ShowRequest | StatsRequest;

/** @throws CodedError when the topic is missing, or Kafka (`show`: or the registry) cannot be reached. */
export async function lookAtLetters(request: LookRequest, config: TopicSections, host: Host): Promise<ExitCode> {
  const stop = host.stopSignal();
  // Also while Kafka is waited for.
  const exitCode = await unlessStopped(look(request, config, host, stop), stop);
  return exitCode === 'stopped' ? EXIT.interrupted : exitCode;
}

function look(request: LookRequest, config: TopicSections, host: Host, stop: AbortSignal): Promise<ExitCode> {
  switch (request.action) {
    case 'list':
      return list(request, config, host, stop);
    case 'show':
      return show(request, config, host, stop);
    case 'stats':
      return stats(request, config, host, stop);
  }
}

async function list(
  { filter, json, max }: ListRequest,
  config: TopicSections,
  host: Host,
  stop: AbortSignal,
): Promise<ExitCode> {
  let listed = 0;
  const stopped = await readLetters(config, host, stop, filter, null, letter => {
    if (letter === null || !matches(letter, filter)) return true;
    if (listed === 0 && !json) host.out.write(`${LIST_HEADER}\n`);
    host.out.write(`${json ? JSON.stringify(letterJson(letter)) : listLine(letter)}\n`);
    listed++;
    return listed < max;
  });
  return ended(stopped, listed, json, host);
}

async function stats(
  { filter, json }: StatsRequest,
  config: TopicSections,
  host: Host,
  stop: AbortSignal,
): Promise<ExitCode> {
  const counter = new LetterCounter(host.now());
  const stopped = await readLetters(config, host, stop, filter, null, letter => {
    if (letter === null) counter.addForeign();
    else if (matches(letter, filter)) counter.add(letter);
    return true;
  });
  if (stopped) return EXIT.interrupted;
  const statistics = counter.statistics();
  const text = json ? JSON.stringify(statisticsJson(statistics), null, 2) : statisticsLines(statistics).join('\n');
  if (json || statistics.letters > 0) host.out.write(`${text}\n`);
  return ended(false, statistics.letters, json, host);
}

async function show(
  { at, filter, json, max }: ShowRequest,
  config: TopicSections,
  host: Host,
  stop: AbortSignal,
): Promise<ExitCode> {
  const found: { letter: Letter; record: SourceRecord }[] = [];
  const stopped = await readLetters(config, host, stop, filter, at, (letter, record) => {
    if (letter === null || !matches(letter, filter)) return true;
    const { key, value } = record;
    // Copies: the buffers are slices of a fetch response of megabytes.
    const kept = { ...record, key: key && Buffer.from(key), value: value && Buffer.from(value) };
    found.push({ letter, record: kept });
    return found.length < max;
  });
  const decoder = createEventDecoder(readSchemas());
  for (const { letter, record } of found) {
    const whole = await wholeLetter(letter, record, decoder, config);
    const text = json ? JSON.stringify(wholeLetterJson(whole), null, 2) : `${wholeLetterLines(whole).join('\n')}\n`;
    host.out.write(`${text}\n`);
  }
  return ended(stopped, found.length, json, host);
}

async function wholeLetter(
  letter: Letter,
  record: SourceRecord,
  decoder: EventDecoder,
  config: TopicSections,
): Promise<WholeLetter> {
  return {
    letter,
    sourceHeaders: sourceHeadersOf(record.headers),
    keyBytes: record.key?.length ?? null,
    valueBytes: record.value?.length ?? null,
    event: await decodedEvent(record.value, decoder, config),
  };
}

/** The event, masked; or why it cannot be read, which is nothing unusual for a letter. */
async function decodedEvent(
  value: Buffer | null,
  decoder: EventDecoder,
  { registry }: TopicSections,
): Promise<Masked | string> {
  if (value?.length === 0) return 'the letter has no value';
  const schemaId = schemaIdOf(value);
  if (schemaId !== null && !decoder.knows(schemaId)) {
    const answer = await createRegistry(registry).fetchSchema(schemaId);
    if (answer.kind === 'unavailable') return `its schema could not be fetched: ${answer.problem}`;
    decoder.learn(schemaId, answer);
  }
  const decoded = decoder.decode(value);
  if ('trigger' in decoded) return maskEvent(decoded);
  return 'deadLetter' in decoded ? decoded.detail : 'the letter has no value';
}

/** Hands every letter over (`null` for a foreign record) until `take` wants no more; true when it was interrupted. */
async function readLetters(
  { kafka, topics }: TopicSections,
  host: Host,
  stop: AbortSignal,
  { since }: LetterFilter,
  at: { readonly partition: number; readonly offset: number } | null,
  take: (letter: Letter | null, record: SourceRecord) => boolean,
): Promise<boolean> {
  const client = createQuietKafka(kafka, 'dead-letters');
  const reader = new KafkaDeadLetterReader(client, topics.deadLetter, systemClock);
  try {
    await noteWhileWaiting(reader.connect(), `Kafka at ${kafka.brokers.join(', ')}`, systemClock, host.err);
    const ranges = narrowed(await reader.ranges(since), at);
    const total = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
    const { monotonic } = systemClock;
    const progress = new Progress({ what: 'letters read', total, err: host.err, monotonic });
    let read = 0;
    const takeAll = (records: readonly SourceRecord[]): boolean => {
      progress.end();
      const wantsMore = records.every(record => take(readLetter(record), record));
      read += records.length;
      progress.at(read);
      return wantsMore;
    };
    await reader.read(ranges, takeAll, stop);
    progress.end();
    return stop.aborted;
  } finally {
    await reader.close();
  }
}

/** Of one letter only its own place is read. */
function narrowed(ranges: readonly LetterRange[], at: ShowRequest['at']): LetterRange[] {
  if (at === null) return [...ranges];
  const { partition, offset } = at;
  const range = ranges.find(candidate => candidate.partition === partition);
  if (range === undefined || offset < range.from || offset >= range.to) return [];
  return [{ partition, from: offset, to: offset + 1 }];
}

function ended(stopped: boolean, found: number, json: boolean, { err }: Host): ExitCode {
  if (stopped) return EXIT.interrupted;
  if (found > 0) return EXIT.ok;
  // JSON says it by no line, or by counts of 0.
  if (!json) err.write('No letter matches.\n');
  return EXIT.nothingMatched;
}
