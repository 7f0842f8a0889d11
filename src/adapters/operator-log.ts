/**
 * The log: JSON lines (or plain ones for people) for whoever runs the service. The one file that knows pino.
 *
 * Nothing gets in by accident: a line is a code, a message of our own, and fields from a closed list; any other field
 * is dropped, so an error, a record or a header can never be logged whole. Warnings and errors that repeat are held
 * back and counted: at most one line per code and connection (or config entry, or whatever else it is about) in ten seconds.
 */

import { type LevelWithSilent, pino } from 'pino';

export type LineLevel = 'debug' | 'info' | 'warn' | 'error';
export type FieldValue = string | number | boolean | null;
export type Fields = Readonly<Record<string, FieldValue>>;

export interface OperatorLogOptions {
  readonly level: LevelWithSilent;
  readonly format: 'json' | 'text';
  /** Takes whole lines, the line end included. */
  readonly write: (text: string) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

export interface OperatorLog {
  line(level: LineLevel, code: string, message: string, fields?: Fields): void;
}

/** Every field a line may have. Ids of connections, mappings and requests; never of contacts or conversions. */
export const LOG_FIELDS: ReadonlySet<string> = new Set(
  `address api_code attempt broker bytes code_address committed complete connection connections count deadline_ms
  delay_ms delivered duration_ms entries epoch events failed failure generation groupId http_status invalid job key kind level lost
  mapping members name node offset option overdue_ms part partition partitions pid port position problem reason records
  request_id result retryCount retryTime schema_id signal since stage state subject token_digest topic topics trigger
  url verdict version what window_ms workspace`.split(/\s+/),
);

const REPEATS_HELD_BACK_MS = 10_000;
const LONGEST_TEXT = 300;
const MOST_REMEMBERED = 2_000;

export function createOperatorLog(options: OperatorLogOptions): OperatorLog {
  const { write, now } = options;
  const destination = options.format === 'json' ? { write } : { write: (line: string) => write(asText(line)) };
  const logger = pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
    },
    destination,
  );
  const repeats = new Repeats(now);
  return {
    line(level, code, message, fields = {}) {
      if (!logger.isLevelEnabled(level)) return;
      const allowed = allowedFields(fields);
      if (level === 'debug' || level === 'info') return logger[level]({ code, ...allowed }, cut(message));
      const about = fields.connection ?? fields.key ?? '';
      const suppressed = repeats.heldBack(`${code}|${about}|${fields.reason ?? fields.topic ?? ''}`);
      if (suppressed === null) return;
      logger[level]({ code, ...allowed, ...(suppressed > 0 ? { suppressed } : {}) }, cut(message));
    },
  };
}

function allowedFields(fields: Fields): Record<string, FieldValue> {
  const allowed: Record<string, FieldValue> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (!LOG_FIELDS.has(name) || value === null || value === undefined || typeof value === 'object') continue;
    allowed[name] = typeof value === 'string' ? cut(value) : value;
  }
  return allowed;
}

function cut(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
}

/** Remembers when a kind of line was last written. */
class Repeats {
  readonly #now: () => number;
  readonly #seen = new Map<string, { readonly until: number; suppressed: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `null` to hold the line back; otherwise how many like it were since the last one. */
  heldBack(kind: string): number | null {
    const now = this.#now();
    const seen = this.#seen.get(kind);
    if (seen !== undefined && now < seen.until) {
      seen.suppressed++;
      return null;
    }
    if (this.#seen.size >= MOST_REMEMBERED) this.#seen.clear();
    this.#seen.set(kind, { until: now + REPEATS_HELD_BACK_MS, suppressed: 0 });
    return seen?.suppressed ?? 0;
  }
}

/** `12:00:01.234 WARN  CODE  message  (connection=c1)`; a key from outside can neither begin a line nor steer a terminal. */
function asText(line: string): string {
  const { level, time, code, message, ...fields } = JSON.parse(line) as Record<string, FieldValue>;
  const details = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  const clock = String(time).slice(11, 23);
  const tail = details.length === 0 ? '' : `  (${details.join(' ')})`;
  const text = `${clock} ${String(level).toUpperCase().padEnd(5)} ${code}  ${message}${tail}`;
  return `${text.replace(/\p{Cc}+/gu, ' ')}\n`;
}
