import { exchange } from './exchange.ts';

/**
 * The ids of the brokers that a broker considers alive: Kafka's Metadata request, version 1, asked for no topics.
 * Written by hand so that a probe depends on no client, whose retries and caches would blur the answer.
 */
export async function kafkaMetadata(port: number): Promise<number[]> {
  const body = Buffer.from([0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0, 0, 0, 0]); // key 3, version 1, id 1, no client id, 0 topics
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  // Length, correlation id, number of brokers, then per broker: id, host, port, rack; all of it fits one packet.
  const answer = await exchange(port, Buffer.concat([size, body]), 12);
  const ids: number[] = [];
  let at = 12;
  for (let left = answer.readInt32BE(8); left > 0; left--) {
    ids.push(answer.readInt32BE(at));
    at += 4 + 2 + answer.readInt16BE(at + 4) + 4;
    at += 2 + Math.max(0, answer.readInt16BE(at));
  }
  return ids;
}
