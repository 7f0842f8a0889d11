/** What `doctor` is told by those who look at Kafka, the registry, Redis and TikTok: facts, judged elsewhere. */

import type { StartReason } from './core/start-position.ts';

/** Why something could not be looked at. No text holds a credential. */
export interface Trouble {
  /** `unreachable`: nobody answered. `refused`: somebody did, and would not have us. */
  readonly kind: 'unreachable' | 'refused';
  /** A stable word: the error's own code where it has one. */
  readonly code: string;
  readonly problem: string;
  /** What to do, in a sentence. */
  readonly advice: string;
}

/** One attempt to be let in by a broker. */
export interface BrokerLook {
  /** `host:port`, as it was dialled. */
  readonly address: string;
  /** Whether a configured address or one that the cluster's listeners advertise. */
  readonly from: 'configured' | 'advertised';
  /** Null where it let us in. */
  readonly trouble: Trouble | null;
  /** `host:port` of every broker, as this one told it. */
  readonly advertised: readonly string[];
  /** Topics by name; only from a broker that let us in. */
  readonly topics: readonly TopicRights[];
}

/** What this client may do with a topic; null where the broker did not say. */
export interface TopicRights {
  readonly topic: string;
  /** Kafka's error name, such as `TOPIC_AUTHORIZATION_FAILED`; null for none. */
  readonly error: string | null;
  readonly rights: Rights | null;
}

export interface Rights {
  readonly read: boolean;
  readonly write: boolean;
  readonly describe: boolean;
}

/** Where the group stands on a partition, and where it would start now. */
export interface PartitionLook {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly reason: StartReason;
  /** Offset after the last record. */
  readonly end: number;
  /** Of the first record that is young enough to be sent; `end` where there is none. */
  readonly firstFresh: number;
}

export interface GroupLook {
  /** Kafka's word: `Stable`, `Empty`, `Dead` (there is no such group) … */
  readonly state: string;
  /** Client ids of the members. */
  readonly members: readonly string[];
  readonly rights: Rights | null;
  /** Kafka's error name; null for none. */
  readonly error: string | null;
  readonly partitions: readonly PartitionLook[];
}

export interface RegistryLook {
  /** Null where `GET /subjects` was answered with a list. */
  readonly trouble: Trouble | null;
  /** Where the API was found instead; null where it was not looked for or not found. */
  readonly apiFoundAt: string | null;
  readonly subjects: readonly SubjectLook[];
}

export interface SubjectLook {
  readonly subject: string;
  /** Of the newest version; null where there is none. */
  readonly version: number | null;
  /** Why records of that version could not be read; null where they can. */
  readonly problem: string | null;
  /** The subject's own rule; null where it has none. */
  readonly compatibility: string | null;
}

export interface RedisLook {
  readonly trouble: Trouble | null;
  /** Null where the server would not say (INFO needs a right of its own). */
  readonly version: string | null;
  /** `standalone`, `cluster` or `sentinel`, by the server's own word. */
  readonly mode: string | null;
  readonly role: string | null;
  readonly maxmemoryPolicy: string | null;
  readonly usedBytes: number | null;
  /** 0: no limit. */
  readonly maxBytes: number | null;
  /** `cluster_state`; null where it is no cluster. */
  readonly clusterState: string | null;
  /** Why a claim could not be written; null where it could. */
  readonly writeProblem: string | null;
}

export interface TikTokLook {
  readonly trouble: Trouble | null;
  readonly httpStatus: number | null;
  /** TikTok's `code`; null where the answer is not TikTok's JSON. */
  readonly apiCode: number | null;
  /** Our clock minus the server's, by its `Date` header; null without one. */
  readonly skewMs: number | null;
  readonly tookMs: number;
}
