import { expect, it } from 'vitest';
import { SHAPES, shapeOf } from '../../src/core/tiktok-shape.ts';

it.each([
  ['V2', 'WEB', 'web'],
  ['V1', 'WEB', 'web_v1'],
  ['V2', 'OFFLINE', 'offline'],
  ['V1', 'OFFLINE', null],
] as const)('wire %s with event source %s has the shape %s', (wire, event_source, shape) => {
  expect(shapeOf({ wire, event_source })).toBe(shape);
});

it('an offline event is matched by e-mail and phone only', () => {
  expect(SHAPES.offline.matchKeys).toEqual(['email', 'phone']);
});
