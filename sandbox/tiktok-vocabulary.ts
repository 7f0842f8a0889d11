/**
 * The closed lists of TikTok's documents. A copy of its own on purpose: the judge of the service must not read them
 * from the service.
 */

/** Where an event happened; once per request, never inside `data[]`. */
export const EVENT_SOURCES = ['web', 'app', 'offline', 'crm'] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

/** 62 distinct codes; TikTok's own lists (its SDK, and the Go client quoting its documents) print PHP twice. */
export const CURRENCIES: ReadonlySet<string> = new Set(
  (
    'AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK JPY ' +
    'KES KHR KRW KWD KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY TWD UAH ' +
    'USD VES VND ZAR'
  ).split(' '),
);

/** Standard names of the help page "supported standard events" (September 2025). */
const WEB_EVENTS =
  'AddPaymentInfo AddToCart AddToWishlist ApplicationApproval CompleteRegistration Contact CustomizeProduct Download ' +
  'FindLocation InitiateCheckout Lead Purchase Schedule Search StartTrial SubmitApplication Subscribe ViewContent';

/** Names from before May 2025 that TikTok still takes. */
const FORMER_EVENTS = 'ClickButton CompletePayment PlaceAnOrder SubmitForm';

/** Offline event sets take standard names only; the shortest published list leaves some out, this is the longest. */
export const OFFLINE_EVENTS: ReadonlySet<string> = new Set(`${WEB_EVENTS} ${FORMER_EVENTS}`.split(' '));

/** `app.att_status` of iOS. */
export const ATT_STATUSES = ['AUTHORIZED', 'DENIED', 'NOT_DETERMINED', 'RESTRICTED', 'NOT_APPLICABLE'] as const;
