/** What /status shows: its type, and the same as a closed schema, so that nothing else can be sent. */

export interface ServiceStatus {
  readonly version: string;
  /** That it was built from; `unknown` where nobody said. */
  readonly commit: string;
  readonly node: string;
  /** ISO 8601. */
  readonly started_at: string;
  readonly uptime_seconds: number;
  readonly group: GroupStatus;
  readonly partitions: readonly PartitionStatus[];
  readonly buffer: { readonly events: number; readonly bytes: number };
  readonly windows: { readonly open: number; readonly events: number };
  readonly config: ConfigStatus;
  readonly connections: readonly ConnectionStatus[];
}

export interface GroupStatus {
  readonly id: string;
  readonly joined: boolean;
  readonly epoch: number;
  readonly suspended: boolean;
  /** Why all partitions stand still. */
  readonly paused: readonly string[];
  readonly since_heartbeat_ms: number | null;
  readonly since_commit_ms: number | null;
}

export interface PartitionStatus {
  readonly topic: string;
  readonly partition: number;
  readonly position: number | null;
  readonly committed: number | null;
  readonly log_end: number | null;
  /** Why this partition alone stands still. */
  readonly held: string | null;
}

export interface ConfigStatus {
  readonly generation: number;
  readonly complete: boolean;
  readonly entries: number;
  /** Since a broker answered for the config topic: the table may be that old. */
  readonly since_contact_ms: number | null;
  readonly problems: readonly {
    readonly key: string;
    readonly kind: string;
    readonly problem: string;
    readonly earlier_version_in_force: boolean;
  }[];
}

export interface ConnectionStatus {
  readonly connection_id: string;
  readonly workspace_id: string | null;
  readonly advertiser_name: string | null;
  /** `null` where the entry is unusable. */
  readonly pixel_id: string | null;
  /** `active`, `token_invalid`, `parked`, `undecided`, `disabled` or `unusable`. */
  readonly state: string;
  /** ISO 8601; `null` where nobody has looked yet. */
  readonly since: string | null;
  readonly reason: string | null;
  /** Of TikTok's answer that led to the state. */
  readonly api_code: number | null;
  readonly request_id: string | null;
  readonly events_in_flight: number;
}

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const number = { type: 'number' } as const;
const numberOrNull = { type: ['number', 'null'] } as const;
/** Without the fractions that a monotonic clock gives. */
const wholeOrNull = { type: 'integer', nullable: true } as const;
const flag = { type: 'boolean' } as const;
const object = <T extends object>(properties: T) => ({ type: 'object', properties }) as const;
const list = <T extends object>(items: T) => ({ type: 'array', items }) as const;

/** Properties by the name of the type's field; the compiler refuses one that is missing or too much. */
type Named<T> = { readonly [Key in keyof Required<T>]: object };

const group: Named<GroupStatus> = {
  id: text,
  joined: flag,
  epoch: number,
  suspended: flag,
  paused: list(text),
  since_heartbeat_ms: wholeOrNull,
  since_commit_ms: wholeOrNull,
};

const partition: Named<PartitionStatus> = {
  topic: text,
  partition: number,
  position: numberOrNull,
  committed: numberOrNull,
  log_end: numberOrNull,
  held: textOrNull,
};

const problem: Named<ConfigStatus['problems'][number]> = {
  key: text,
  kind: text,
  problem: text,
  earlier_version_in_force: flag,
};

const config: Named<ConfigStatus> = {
  generation: number,
  complete: flag,
  entries: number,
  since_contact_ms: wholeOrNull,
  problems: list(object(problem)),
};

const connection: Named<ConnectionStatus> = {
  connection_id: text,
  workspace_id: textOrNull,
  advertiser_name: textOrNull,
  pixel_id: textOrNull,
  state: text,
  since: textOrNull,
  reason: textOrNull,
  api_code: numberOrNull,
  request_id: textOrNull,
  events_in_flight: number,
};

const status: Named<ServiceStatus> = {
  version: text,
  commit: text,
  node: text,
  started_at: text,
  uptime_seconds: number,
  group: object(group),
  partitions: list(object(partition)),
  buffer: object({ events: number, bytes: number }),
  windows: object({ open: number, events: number }),
  config: object(config),
  connections: list(object(connection)),
};

export const STATUS_SCHEMA = object(status);
