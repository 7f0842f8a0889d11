import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBuilder } from '../../src/core/build-event.ts';
import { collapse } from '../../src/core/collapse.ts';
import type { Mapping } from '../../src/core/config-entry.ts';
import { claimKey } from '../../src/core/deduplicate.ts';
import type { TikTokEvent } from '../../src/core/tiktok-event.ts';
import { connectionOf, conversion, DEFAULT_BUILD_OPTIONS, mappingOf, NOW } from './business-events.ts';

const build = createBuilder(DEFAULT_BUILD_OPTIONS);

function built(mapping: Partial<Mapping>, connection = connectionOf()): TikTokEvent {
  const event = build(conversion(), mappingOf(mapping), connection, NOW);
  if (!('json' in event)) throw new Error('expected an event');
  return event;
}

const ids = (events: readonly TikTokEvent[]) => events.map(event => event.mappingId);

describe('events of one record', () => {
  it('stay apart when their names, pixels or test codes differ', () => {
    const events = [
      built({ mapping_id: 'a' }),
      built({ mapping_id: 'b', tiktok_event_name: 'Lead' }),
      built({ mapping_id: 'c' }, connectionOf({ pixel_id: 'PIXEL2' })),
      built({ mapping_id: 'd' }, connectionOf({ test_event_code: 'TEST1' })),
    ];
    expect(collapse(events)).toEqual({ kept: events, duplicates: [] });
  });

  it('with one identity collapse to the one with a value', () => {
    const events = [built({ mapping_id: 'a', include_value: false }), built({ mapping_id: 'b' })];
    const { kept, duplicates } = collapse(events);
    expect([ids(kept), ids(duplicates)]).toEqual([['b'], ['a']]);
  });

  it('with one identity and a value each collapse to the lowest mapping id', () => {
    const { kept, duplicates } = collapse(['c', 'a', 'b'].map(mapping_id => built({ mapping_id })));
    expect([ids(kept), ids(duplicates)]).toEqual([['a'], ['c', 'b']]);
  });

  it('collapse across connections to one pixel, test codes of any name, and dedup windows', () => {
    const events = [
      built({ mapping_id: 'b' }, connectionOf({ test_event_code: 'TEST1' })),
      built({ mapping_id: 'a' }, connectionOf({ connection_id: 'other', test_event_code: 'TEST2' })),
      built({ mapping_id: 'c', dedup_window_minutes: 0 }, connectionOf({ test_event_code: 'TEST1' })),
    ];
    expect(ids(collapse(events).kept)).toEqual(['a']);
  });

  it('keep one per claim key and lose none, the same ones in whatever order they come', () => {
    const mapping = fc.record({
      mapping_id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      tiktok_event_name: fc.constantFrom('Purchase', 'Lead'),
      include_value: fc.boolean(),
    });
    const several = fc.uniqueArray(mapping, { selector: one => one.mapping_id, maxLength: 6 });
    const keyOf = (event: TikTokEvent) => claimKey('', event, { topic: 't', partition: 0, offset: 0 });
    fc.assert(
      fc.property(several, mappings => {
        const events = mappings.map(one => built(one));
        const { kept, duplicates } = collapse(events);
        expect(new Set(kept.map(keyOf))).toEqual(new Set(events.map(keyOf)));
        expect(new Set(kept.map(keyOf)).size).toBe(kept.length);
        expect([...kept, ...duplicates].length).toBe(events.length);
        expect(ids(collapse(events.toReversed()).kept).sort()).toEqual(ids(kept).sort());
      }),
    );
  });
});
