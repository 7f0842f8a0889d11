import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuildNote } from '../../src/core/build-notes.ts';
import { createParameterFilter } from '../../src/core/query-parameters.ts';
import type { Touch } from '../../src/core/record.ts';
import { pageJson, pageUrl } from '../../src/core/tiktok-page.ts';
import { anyConnection, connectionOf, LAST_TOUCH, NO_TOUCH } from './business-events.ts';

const FALLBACK = 'https://fallback.example/';

function page(touch: Partial<Touch> | null, fallback: string | null = null, remove: readonly string[] = []) {
  const notes: BuildNote[] = [];
  const visit = touch === null ? null : { ...NO_TOUCH, ...touch };
  const filter = createParameterFilter(remove);
  const url = pageUrl(visit, connectionOf({ fallback_page_url: fallback }), filter, notes);
  const json = pageJson(url, visit, filter, notes);
  return { page: json === '' ? null : JSON.parse(json), notes };
}

describe('the page', () => {
  it('is the touch’s landing page with all its parameters, and where the visitor came from', () => {
    const url = 'https://shop.example/a?b=%20"c"&ttclid=E.C.P#d';
    expect(page({ page_url: ` ${url} `, referrer: 'https://www.tiktok.com/' }, FALLBACK)).toEqual({
      page: { url, referrer: 'https://www.tiktok.com/' },
      notes: [],
    });
  });

  it.each<[string, Partial<Touch> | null, string | null, string | null, readonly BuildNote[]]>([
    ['no touch', null, FALLBACK, FALLBACK, []],
    ['no touch and no fallback', null, null, null, ['page_missing']],
    ['a touch without a page', {}, FALLBACK, FALLBACK, []],
    ['a blank page', { page_url: '  ' }, FALLBACK, FALLBACK, []],
    ['a path', { page_url: '/landing' }, FALLBACK, FALLBACK, ['page_url_unusable']],
    ['an app address', { page_url: 'app://shop' }, FALLBACK, FALLBACK, ['page_url_unusable']],
    ['a script', { page_url: 'javascript:alert(1)' }, null, null, ['page_url_unusable', 'page_missing']],
    ['no host', { page_url: 'https:///path' }, FALLBACK, FALLBACK, ['page_url_unusable']],
    ['a broken host', { page_url: 'http://[::1' }, FALLBACK, FALLBACK, ['page_url_unusable']],
    ['an unusable fallback', {}, 'shop.example', null, ['page_url_unusable', 'page_missing']],
    ['capitals in the scheme', { page_url: 'HTTPS://shop.example' }, FALLBACK, 'HTTPS://shop.example', []],
  ])('with %s', (_, touch, fallback, url, notes) => {
    expect(page(touch, fallback)).toEqual({ page: url === null ? null : { url }, notes });
  });

  it('goes without a referrer that is none', () => {
    const referrer = 'android-app://com.zhiliaoapp.musically';
    expect(page({ page_url: FALLBACK, referrer })).toEqual({ page: { url: FALLBACK }, notes: ['referrer_unusable'] });
  });

  it('and the referrer lose the parameters that are to be removed, and nothing else', () => {
    const touch = {
      page_url: 'https://s.example/a?email=a%40b.c&x=%7E&ttclid=T#e',
      referrer: 'https://r.example/?Email=z',
    };
    expect(page(touch, null, ['email', 'ttclid']).page).toEqual({
      url: 'https://s.example/a?x=%7E&ttclid=T#e',
      referrer: 'https://r.example/',
    });
    expect(page({}, 'https://f.example/?email=1&b', ['email']).page).toEqual({ url: 'https://f.example/?b' });
  });

  it.each<[string, string | null]>([
    ['https://user:pw@shop.example/a?b=1', 'https://shop.example/a?b=1'],
    ['https://user@shop.example', 'https://shop.example'],
    ['https://u@v:p@w@shop.example/@c', 'https://shop.example/@c'],
    ['https://:pw@shop.example?m=a@b', 'https://shop.example?m=a@b'],
    ['https://\t/user:pw@shop.example/', null],
  ])('%j leaves without its credentials, as the referrer does', (page_url, url) => {
    const lost: BuildNote = url === null ? 'page_url_unusable' : 'page_credentials_removed';
    expect(page({ page_url }).page?.url ?? null).toBe(url);
    expect(page({ page_url }).notes[0]).toBe(lost);
    expect(page({ page_url: FALLBACK, referrer: page_url }).page.referrer ?? null).toBe(url);
  });

  it.each(['https://shop.example/@user', 'https://shop.example/?m=a@b.example', 'https://shop.example#a@b'])(
    '%s has none to lose',
    page_url => expect(page({ page_url })).toEqual({ page: { url: page_url }, notes: [] }),
  );

  it('is not the referrer: that is another site', () => {
    expect(page({ referrer: 'https://www.tiktok.com/' })).toEqual({ page: null, notes: ['page_missing'] });
  });

  it('keeps the referrer where the page is the connection’s fallback', () => {
    expect(page({ referrer: 'https://www.tiktok.com/' }, FALLBACK).page).toEqual({
      url: FALLBACK,
      referrer: 'https://www.tiktok.com/',
    });
  });

  it('is valid JSON of whole web addresses or nothing, whatever the touch says', () => {
    const text = fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(fc.option(text), fc.option(text), anyConnection, (page_url, referrer, connection) => {
        const touch = { ...LAST_TOUCH, page_url, referrer };
        const filter = createParameterFilter([]);
        const json = pageJson(pageUrl(touch, connection, filter, []), touch, filter, []);
        if (json === '') return;
        for (const address of Object.values(JSON.parse(json))) {
          expect([page_url?.trim(), referrer?.trim(), connection.fallback_page_url?.trim()]).toContain(address);
          expect(new URL(String(address)).protocol).toMatch(/^https?:$/);
        }
      }),
    );
  });
});
