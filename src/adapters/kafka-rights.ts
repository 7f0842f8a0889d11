/**
 * What this client may do, as the brokers tell it since Kafka 2.3 (KIP-430). kafkajs asks in older versions of both
 * requests, which have no room for it, so the two are written here (Metadata 8, DescribeGroups 3).
 */

import type { Rights, TopicRights } from '../ports-doctor.ts';
import {
  type AskedBrokerInternals,
  type DecoderInternals,
  newDecoder,
  newEncoder,
  type ProtocolInternals,
  protocolErrorName,
} from './kafka-internals.ts';

export interface ClusterTold {
  /** `host:port` of every broker. */
  readonly brokers: readonly string[];
  readonly topics: readonly TopicRights[];
}

export interface GroupTold {
  readonly state: string;
  /** Client ids. */
  readonly members: readonly string[];
  readonly rights: Rights | null;
  readonly error: string | null;
}

const METADATA = 3;
const DESCRIBE_GROUPS = 15;
/** `AclOperation` of the protocol: the bit of each in the answer. */
const OPERATION = { read: 3, write: 4, describe: 8 } as const;
/** The answer of a broker that was not asked, or does not know. */
const NOT_TOLD = -2_147_483_648;

/** The brokers, and what may be done with these topics; creates none. */
export function askCluster(broker: AskedBrokerInternals, topics: readonly string[]): Promise<ClusterTold> {
  return broker.connectionPool.send<ClusterTold>({
    request: {
      apiKey: METADATA,
      apiVersion: 8,
      apiName: 'Metadata',
      // No topic is made by asking; no rights of the cluster, those of the topics.
      encode: async () =>
        newEncoder().writeNullableArray(topics).writeBoolean(false).writeBoolean(false).writeBoolean(true),
    },
    response: responseOf<ClusterTold>(decoder => {
      decoder.readInt32();
      const brokers = decoder.readArray(readBroker);
      decoder.readString();
      decoder.readInt32();
      return { brokers, topics: decoder.readArray(readTopic) };
    }),
  });
}

/** The group, by its coordinator. Rejects with the client's own error, but for a group that may not be described. */
export async function askGroup(coordinator: AskedBrokerInternals, groupId: string): Promise<GroupTold> {
  const [group] = await coordinator.connectionPool.send<GroupTold[]>({
    request: {
      apiKey: DESCRIBE_GROUPS,
      apiVersion: 3,
      apiName: 'DescribeGroups',
      encode: async () => newEncoder().writeArray([groupId]).writeBoolean(true),
    },
    response: responseOf(decoder => {
      decoder.readInt32();
      return decoder.readArray(readGroup);
    }),
  });
  if (group === undefined) throw new Error(`KAFKA_GROUP_NOT_TOLD: nothing was answered about the group ${groupId}`);
  if (group.error !== null && group.error !== GROUP_FORBIDDEN) throw new GroupNotTold(group.error);
  return group;
}

const GROUP_FORBIDDEN = 'GROUP_AUTHORIZATION_FAILED';

/** In the form of kafkajs's own protocol errors: a coordinator that has just been found may not know yet that it is one. */
class GroupNotTold extends Error {
  override readonly name = 'KafkaJSProtocolError';
  readonly type: string;

  constructor(type: string) {
    super(`the coordinator answered ${type}`);
    this.type = type;
  }
}

function responseOf<T>(read: (decoder: DecoderInternals) => T): ProtocolInternals<T>['response'] {
  return { decode: async raw => read(newDecoder(raw)), parse: async decoded => decoded };
}

function readBroker(decoder: DecoderInternals): string {
  decoder.readInt32();
  const host = decoder.readString();
  const address = `${host}:${decoder.readInt32()}`;
  decoder.readString();
  return address;
}

function readTopic(decoder: DecoderInternals): TopicRights {
  const error = protocolErrorName(decoder.readInt16());
  const topic = decoder.readString() ?? '';
  decoder.readBoolean();
  decoder.readArray(skipPartition);
  return { topic, error, rights: rightsOf(decoder.readInt32()) };
}

function skipPartition(decoder: DecoderInternals): void {
  decoder.readInt16();
  for (let field = 0; field < 3; field++) decoder.readInt32();
  for (let list = 0; list < 3; list++) decoder.readArray(each => each.readInt32());
}

function readGroup(decoder: DecoderInternals): GroupTold {
  const error = protocolErrorName(decoder.readInt16());
  decoder.readString();
  const state = decoder.readString() ?? '';
  decoder.readString();
  decoder.readString();
  const members = decoder.readArray(readMember);
  return { error, state, members, rights: rightsOf(decoder.readInt32()) };
}

function readMember(decoder: DecoderInternals): string {
  decoder.readString();
  const clientId = decoder.readString() ?? '';
  decoder.readString();
  decoder.readBytes();
  decoder.readBytes();
  return clientId;
}

function rightsOf(bits: number): Rights | null {
  if (bits === NOT_TOLD) return null;
  const may = (operation: number) => (bits & (1 << operation)) !== 0;
  return { read: may(OPERATION.read), write: may(OPERATION.write), describe: may(OPERATION.describe) };
}
