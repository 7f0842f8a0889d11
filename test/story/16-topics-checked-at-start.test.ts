/** What is wrong with the topics is said at the start, before it can lose anything. */

import { ConfigResourceTypes } from 'kafkajs';
import { expect, it } from 'vitest';
import { eventually } from '../../sandbox/eventually.ts';
import { World } from '../../sandbox/world.ts';
import { useStack } from '../stack.ts';

const stack = await useStack();

it('a config topic that is not compacted is warned about when the service starts', async () => {
  await using world = await World.create(stack, { name: stack.unique('topics') });
  const configEntries = [{ name: 'cleanup.policy', value: 'delete' }];
  const resource = { type: ConfigResourceTypes.TOPIC, name: world.topics.config, configEntries };
  await world.admin.alterConfigs({ validateOnly: false, resources: [resource] });
  const service = await world.startService();
  await eventually('the warning', () => service.log().includes('TOPIC_NOT_COMPACTED'));
  expect(service.log()).toContain(world.topics.config);
});
