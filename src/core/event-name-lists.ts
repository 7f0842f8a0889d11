/**
 * TikTok's event names as it published them: each list with the help page it stands on and that page's date.
 *
 * Guarantee: data only, and nothing in it is ours but `NEAREST_NAMES`. Pages that contradict each other stand side by
 * side, each under its date.
 */

/** A list as one page has it. */
export interface Published<Names> {
  /** The page's name in TikTok's help centre. */
  readonly source: string;
  /** Of the page, or since when it holds: ISO 8601, to the month or the day. */
  readonly date: string;
  readonly names: Names;
}

/** What became of a name on the list's date. */
export interface Change {
  /** What TikTok counts the name as on arrival; null: there is no successor. */
  readonly becomes: string | null;
  /** The year TikTok takes the name until, where it says so. */
  readonly until: string | null;
}

/** The 18 standard names (the Go client bububa/tiktok-business has the same). */
export const STANDARD: Published<readonly string[]> = {
  source: 'supported-standard-events',
  date: '2025-09',
  names: [
    ...['AddPaymentInfo', 'AddToCart', 'AddToWishlist', 'ApplicationApproval', 'CompleteRegistration', 'Contact'],
    ...['CustomizeProduct', 'Download', 'FindLocation', 'InitiateCheckout', 'Lead', 'Purchase', 'Schedule', 'Search'],
    ...['StartTrial', 'SubmitApplication', 'Subscribe', 'ViewContent'],
  ],
};

/** The 14 names that were standard until the date. */
export const FORMER_STANDARD: Published<readonly string[]> = {
  source: 'how-to-adopt-tiktoks-updated-standard-events',
  date: '2025-05-01',
  names: [
    ...['ViewContent', 'ClickButton', 'Search', 'AddToWishlist', 'AddToCart', 'InitiateCheckout', 'AddPaymentInfo'],
    ...['CompletePayment', 'PlaceAnOrder', 'Contact', 'Download', 'SubmitForm', 'CompleteRegistration', 'Subscribe'],
  ],
};

/** What the change of the date made of former names. The page of September 2025 lists SubmitForm again. */
export const CHANGED: Published<Readonly<Record<string, Change>>> = {
  source: 'how-to-adopt-tiktoks-updated-standard-events',
  date: '2025-05-01',
  names: {
    CompletePayment: { becomes: 'Purchase', until: null },
    SubmitForm: { becomes: 'Lead', until: null },
    PlaceAnOrder: { becomes: null, until: '2027' },
    ClickButton: { becomes: null, until: '2027' },
  },
};

/** Names offline event sets take. The Go client says: the same as for web. */
export const OFFLINE: Published<readonly string[]> = {
  source: 'supported-events-for-offline-event-sets',
  date: '2025-05',
  names: [
    ...['Purchase', 'Contact', 'Subscribe', 'Lead', 'SubmitForm', 'AddPaymentInfo', 'AddToCart', 'AddToWishlist'],
    ...['CompleteRegistration', 'Download', 'InitiateCheckout', 'Search', 'ViewContent'],
  ],
};

/** Names TikTok rewrites on arrival, and into what. */
export const RESERVED: Published<Readonly<Record<string, string>>> = {
  source: 'reserved-events',
  date: '2025-09',
  names: {
    AddBilling: 'AddPaymentInfo',
    Browse: 'PageView',
    Checkout: 'PlaceAnOrder',
    ClickForm: 'SubmitForm',
    ClickInDownloadPage: 'ClickButton',
    ClickToDownload: 'Download',
    Consult: 'Contact',
    ConsultByPhone: 'Contact',
    CompletePayment: 'Purchase',
    Registration: 'CompleteRegistration',
    StartCheckout: 'InitiateCheckout',
    ViewConsultationPage: 'ViewContent',
    ViewDownloadPage: 'ViewContent',
    ViewForm: 'ViewContent',
  },
};

/** Where the page's edition of this date says otherwise. */
export const RESERVED_BEFORE: Published<Readonly<Record<string, string>>> = {
  source: 'reserved-events',
  date: '2025-05',
  names: { ClickForm: 'Lead' },
};

/** Rules for custom names. */
export const CUSTOM: Published<{ readonly longest: number }> = {
  source: 'custom-events',
  date: '2026-02',
  names: { longest: 50 },
};

/** Our own advice where TikTok names no successor, or a custom event: the current standard name that is nearest. */
export const NEAREST_NAMES: Readonly<Record<string, string>> = {
  Browse: 'ViewContent',
  ClickButton: 'Contact',
  ClickInDownloadPage: 'Download',
  PlaceAnOrder: 'Purchase',
};

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];

/** `September 2025`. */
export function monthOf({ date }: Published<unknown>): string {
  return `${MONTHS[Number(date.slice(5, 7)) - 1]} ${date.slice(0, 4)}`;
}
