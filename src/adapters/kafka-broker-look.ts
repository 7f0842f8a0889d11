/** Dials brokers one by one and says who let us in, who did not and why, and what addresses they advertise. */

import type { Kafka } from 'kafkajs';
import type { BrokerLook, Trouble } from '../ports-doctor.ts';
import { clusterOf, kafkaErrorCode, kafkaRootCause } from './kafka-internals.ts';
import { kafkaAdvice, NO_SASL_THERE, problemOf } from './kafka-refusal.ts';
import { askCluster } from './kafka-rights.ts';
import { tlsAdvice } from './tls-advice.ts';

/** A client that knows of no broker but this one. */
export type ClientOf = (address: string) => Kafka;

/** The configured brokers, then every other address that they advertise. */
export async function lookAtBrokers(
  configured: readonly string[],
  topics: readonly string[],
  clientOf: ClientOf,
): Promise<readonly BrokerLook[]> {
  const first = await Promise.all(configured.map(address => dial(address, 'configured', topics, clientOf)));
  const advertised = new Set(first.flatMap(look => look.advertised));
  const others = [...advertised].filter(address => !configured.includes(address));
  return [...first, ...(await Promise.all(others.map(address => dial(address, 'advertised', topics, clientOf))))];
}

async function dial(
  address: string,
  from: BrokerLook['from'],
  topics: readonly string[],
  clientOf: ClientOf,
): Promise<BrokerLook> {
  const cluster = clusterOf(clientOf(address));
  try {
    await cluster.connect();
    const told = await askCluster(cluster.brokerPool.seedBroker, topics);
    return { address, from, trouble: null, advertised: told.brokers, topics: told.topics };
  } catch (error) {
    return { address, from, trouble: kafkaTrouble(error), advertised: [], topics: [] };
  } finally {
    void cluster.disconnect().catch(() => {});
  }
}

/** A broker that answers and hangs up, or does not like us, was reached. */
export function kafkaTrouble(error: unknown): Trouble {
  const cause = kafkaRootCause(error);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : kafkaErrorCode(error);
  const isRefusal =
    cause.name === 'KafkaJSSASLAuthenticationError' ||
    cause.name === 'KafkaJSConnectionClosedError' ||
    /AUTHORIZATION_FAILED$/.test(code) ||
    code === NO_SASL_THERE ||
    tlsAdvice(cause, 'kafka.tls') !== null;
  return { kind: isRefusal ? 'refused' : 'unreachable', code, problem: problemOf(error), advice: kafkaAdvice(error) };
}
