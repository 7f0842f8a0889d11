/**
 * Names of TikTok's codes for which no source says what they would mean for an event. They are judged as unknown; a name
 * helps whoever meets one.
 *
 * Guarantee: holds no code that has a class in `tiktok-codes`. From TikTok's own list (tiktok-business-api-sdk
 * `tiktok_code.py`), those about videos, images and files left out.
 */

const NAMES: ReadonlyMap<number, string> = new Map([
  [40010, 'UNSUPPORTED_DOMAIN'],
  [40011, 'ID_LIMIT_EXCEED'],
  [40012, 'NO_UPDATE'],
  [40013, 'SANDBOX_ADV_NOT_EXIST'],
  [40014, 'INVALID_CLUSTER'],
  [40109, 'ERROR_AES_DECIPHER'],
  [40112, 'PASSWORD_ERROR'],
  [40114, 'ADVERTISER_LOGOUT'],
  [40119, 'NOT_SAME_IDENTITY'],
  [40120, 'TIKTOK_USER_NOT_LOGGED_IN'],
  [40131, 'SCOPE_TT_USER_OAUTH_FAILED'],
  [40302, 'CUSTOMER_ADVERTISER_NOT_EXIST'],
  [40309, 'REQUIRE_LOGIN'],
  [40900, 'SIGNATURE_ERROR'],
  [41002, 'FIELDS_OFFLINE'],
]);

/** Null for a code that is not in the list. */
export function unclassedName(code: number): string | null {
  return NAMES.get(code) ?? null;
}
