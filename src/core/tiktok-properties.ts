/**
 * The `properties` object of a TikTok event: value, currency and what was bought.
 *
 * Guarantee: amounts are exact JSON numbers (their decimal digits as they came, never through a double), ids are
 * strings, quantities whole numbers. `content_type` stands at this level, as Events API 2.0 has it.
 */

import type { BuildNote } from './build-notes.ts';
import { present } from './normalise.ts';
import type { Content } from './record.ts';
import { isDecimal, isNegative, type ValueDecision } from './value.ts';

/** The object's JSON; empty when there is nothing to say. `withContents`: whether the event's shape takes them. */
export function propertiesJson(
  value: ValueDecision,
  contents: readonly Content[] | null,
  withContents: boolean,
  notes: BuildNote[],
): string {
  let fields = '';
  if (value.amount !== null) fields += `,"value":${value.amount},"currency":"${value.currency}"`;
  if (contents !== null && contents.length > 0) {
    if (withContents) fields += contentFields(contents, value.withPrices, notes);
    else notes.push('contents_omitted');
  }
  return fields === '' ? '' : `{${fields.slice(1)}}`;
}

function contentFields(contents: readonly Content[], withPrices: boolean, notes: BuildNote[]): string {
  const items: string[] = [];
  for (const content of contents) {
    const item = itemFields(content, withPrices, notes);
    if (item !== '') items.push(`{${item.slice(1)}}`);
  }
  const type = contentType(contents, notes);
  const list = items.length === 0 ? '' : `,"contents":[${items.join(',')}]`;
  return type === null ? list : `${list},"content_type":"${type}"`;
}

function itemFields(content: Content, withPrices: boolean, notes: BuildNote[]): string {
  return (
    text('content_id', content.content_id) +
    price(content.price, withPrices, notes) +
    quantity(content.quantity, notes) +
    text('content_name', content.content_name)
  );
}

function text(name: string, value: string | null): string {
  return present(value) === null ? '' : `,"${name}":${JSON.stringify(value)}`;
}

function price(amount: string | null, withPrices: boolean, notes: BuildNote[]): string {
  const decimal = present(amount);
  if (decimal === null) return '';
  if (withPrices && isDecimal(decimal) && !isNegative(decimal)) return `,"price":${decimal}`;
  notes.push('price_omitted');
  return '';
}

function quantity(pieces: number | null, notes: BuildNote[]): string {
  if (pieces === null) return '';
  if (Number.isSafeInteger(pieces) && pieces >= 0) return `,"quantity":${pieces}`;
  notes.push('quantity_omitted');
  return '';
}

/** One type for all contents, as TikTok has one field: `product` or `product_group`. */
function contentType(contents: readonly Content[], notes: BuildNote[]): 'product' | 'product_group' | null {
  const types = new Set<string>();
  for (const { content_type } of contents) {
    const type = present(content_type)?.toLowerCase();
    if (type !== undefined) types.add(type);
  }
  if (types.size === 0) return null;
  const [type] = types;
  if (types.size === 1 && (type === 'product' || type === 'product_group')) return type;
  notes.push('content_type_omitted');
  return null;
}
