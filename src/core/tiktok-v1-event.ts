/**
 * One element of `batch[]` of the Events API 1.0 (`pixel/batch/`), for connections with wire V1.
 *
 * Guarantee: exactly the fields of SourceLoop's help page and no other; empty objects are left out. `timestamp` is
 * ISO 8601 in UTC, to the second like `event_time` of 2.0. Source of the shape: TikTok's SDK (`python_sdk/docs/Pixel*.md`).
 */

/** What a 1.0 event says. */
export interface V1Event {
  readonly event: string;
  readonly eventId: string;
  /** Epoch seconds. */
  readonly eventTime: number;
  readonly ttclid: string | null;
  readonly pageUrl: string | null;
  /** Fields of `context.user`, each led by a comma. */
  readonly userFields: string;
  /** The `properties` object; empty when there is nothing to say. */
  readonly properties: string;
}

/** The element's JSON. */
export function v1EventJson(of: V1Event): string {
  const ad = of.ttclid === null ? '' : `,"ad":{"callback":${JSON.stringify(of.ttclid)}}`;
  const page = of.pageUrl === null ? '' : `,"page":{"url":${JSON.stringify(of.pageUrl)}}`;
  const user = of.userFields === '' ? '' : `,"user":{${of.userFields.slice(1)}}`;
  const context = `${ad}${page}${user}`;
  return (
    `{"type":"track","event":${JSON.stringify(of.event)},"event_id":${JSON.stringify(of.eventId)}` +
    `,"timestamp":"${timestamp(of.eventTime)}"` +
    (context === '' ? '' : `,"context":{${context.slice(1)}}`) +
    (of.properties === '' ? '' : `,"properties":${of.properties}`) +
    '}'
  );
}

function timestamp(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
