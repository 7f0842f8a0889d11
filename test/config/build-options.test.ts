import { expect, it } from 'vitest';
import { buildOptionsOf } from '../../src/config-build-options.ts';
import { DEFAULT_BUILD_OPTIONS } from '../core/business-events.ts';
import { testConfig } from './test-config.ts';

it('events are built by the options, under the names building has for them', () => {
  expect(buildOptionsOf(testConfig())).toEqual(DEFAULT_BUILD_OPTIONS);
});
