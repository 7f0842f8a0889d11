/**
 * What building left out or put right in an event that is sent all the same.
 *
 * Guarantee: a closed list; each name is a label of a counter, so that nothing is left out silently.
 */

export const BUILD_NOTES = [
  /** The mapping wants a value and the event has none: value and currency are left out. */
  'value_missing',
  /** The amount is below zero and `events.negativeValue` is omit: value and currency are left out. */
  'negative_value_omitted',
  /** Currency missing or not on TikTok's list, policy OMIT (or FIXED without a usable fixed value). */
  'currency_omitted',
  /** Currency not on TikTok's list, policy FIXED: the mapping's fixed value went out in its place. */
  'fixed_value_sent',
  /** A price that is no amount, is negative, or is not in the currency that is sent. */
  'price_omitted',
  /** A quantity that is no whole number of pieces. */
  'quantity_omitted',
  /** Neither `product` nor `product_group`, or not the same for all contents. */
  'content_type_omitted',
  /** No address even when trimmed, such as `mailto:a@b.c`: nothing is repaired. */
  'email_invalid',
  'phone_unparsable',
  /** Neither `+` nor a known country: a guessed digest would be worse than none. */
  'phone_without_country',
  /** One digit over and over: typed to get past a form, and the same for everybody who does that. */
  'phone_placeholder',
  /** Somebody upstream had hashed an empty string. */
  'digest_of_nothing',
  /** City, state or country in letters that have no plain form in a to z, or hashed. */
  'place_unwritable',
  /** The touch the mapping asks for is missing, the other one was used. */
  'touch_fallback',
  'ttclid_from_page_url',
  /** Sent whole or not at all: a cut click id matches nothing. */
  'ttclid_too_long',
  /** It holds bytes or escapes that are no text, so it is not what TikTok gave. */
  'ttclid_unreadable',
  /** The touch has no absolute http(s) page address; the connection's fallback was used if it has one. */
  'page_url_unusable',
  'referrer_unusable',
  /** Page or referrer held a user name or a password (`https://user:password@…`). */
  'page_credentials_removed',
  /** Neither the touch nor the connection has a page address: TikTok's documents ask for one. */
  'page_missing',
  'ip_private',
  'ip_unreadable',
  /** The contact asked for limited data use, and neither offline events nor wire V1 can say so. */
  'limited_data_use_omitted',
  /** Wire V1 as SourceLoop uses it says nothing of what was bought. */
  'contents_omitted',
] as const;

export type BuildNote = (typeof BUILD_NOTES)[number];
