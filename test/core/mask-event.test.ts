import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskEvent, maskText } from '../../src/core/mask-event.ts';
import type { BusinessEvent } from '../../src/core/record.ts';
import { anyEvent, conversion, LAST_TOUCH } from './business-events.ts';

const PERSONAL = ['contact_id', 'email', 'phone', 'first_name', 'last_name', 'city', 'state', 'zip_code'] as const;

describe('a masked event', () => {
  test('shows of personal data only how long it is', () => {
    const texts = Object.fromEntries(PERSONAL.map(name => [name, `secret-${name}`]));
    const masked = maskEvent(conversion(texts));
    for (const name of PERSONAL) expect(masked[name]).toBe(`[${`secret-${name}`.length} characters]`);
    expect(JSON.stringify(masked)).not.toContain('secret');
  });

  test('keeps what tells which event it is and what it is worth', () => {
    expect(maskEvent(conversion({ sales_value: '129.95', consent: 'DENIED' }))).toMatchObject({
      conversion_id: 'conversion-1',
      workspace_id: 'workspace-1',
      occurred_at: '2026-10-25T11:58:59.001Z',
      sales_value: '129.95',
      currency: 'USD',
      consent: 'DENIED',
    });
  });

  test('tells null, empty and blank apart', () => {
    expect(maskEvent(conversion({ email: null, phone: '', first_name: '  ' }))).toMatchObject({
      email: null,
      phone: '',
      first_name: '[blank, 2 characters]',
    });
  });

  test('masks visits, and leaves of a page its host and the names of its parameters', () => {
    const page_url = 'https://shop.example/jane@example.com?ttclid=E.C.P.1&email=jane@example.com#jane';
    const masked = maskEvent(conversion({ last_touch: { ...LAST_TOUCH, page_url, referrer: 'no url' } }));
    expect(masked['last_touch']).toMatchObject({
      page_url: 'https://shop.example/[16 characters]?ttclid=[7 characters]&email=[16 characters]',
      referrer: '[6 characters]',
      ip: '[11 characters]',
      ttclid: '[10 characters]',
    });
  });

  test('masks a field that it does not know', () => {
    const event = { ...conversion(), nickname: 'Jojo' } as BusinessEvent;
    expect(maskEvent(event)['nickname']).toBe(maskText('Jojo'));
  });

  test('never shows a personal text, and never throws', () => {
    fc.assert(
      fc.property(anyEvent, event => {
        const masked = maskEvent(event);
        for (const name of PERSONAL) {
          const text = event[name];
          if (text !== null && text.trim() !== '') expect(masked[name]).toBe(`[${text.length} characters]`);
        }
      }),
      { numRuns: 100 },
    );
  });
});
