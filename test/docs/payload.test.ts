import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EVENTS } from '../../src/config-event-options.ts';
import { BUILD_NOTES } from '../../src/core/build-notes.ts';
import { DEPRECATED_EVENTS, RESERVED_EVENTS, STANDARD_EVENTS } from '../../src/core/event-names.ts';
import { MATCH_QUALITIES } from '../../src/core/match-quality.ts';

const page = readFileSync(new URL('../../docs/payload.md', import.meta.url), 'utf8');

it.each(BUILD_NOTES)('the page on payloads explains the note %s, and no other', note => {
  const explained = [...page.slice(page.indexOf('| note |')).matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
  expect(explained).toContain(note);
  expect(new Set(explained).size).toBe(BUILD_NOTES.length);
});

it('the page on payloads names every event name that has rules of its own', () => {
  const names = [...STANDARD_EVENTS, ...Object.keys(DEPRECATED_EVENTS), ...Object.keys(RESERVED_EVENTS)];
  for (const name of names) expect(page).toMatch(new RegExp(`\\b${name}\\b`));
});

it('the page on payloads names every tier and every option that changes what is sent', () => {
  for (const quality of MATCH_QUALITIES) expect(page).toContain(`| \`${quality}\` |`);
  for (const name of Object.keys(EVENTS)) if (name !== 'maxEventBytes') expect(page).toContain(`events.${name}`);
});
