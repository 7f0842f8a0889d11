/** What the look at TikTok means: the way to it, who answered, and our clock. */

import type { TikTokLook } from '../ports-doctor.ts';
import { type Finding, fine, found, troubled } from './doctor-findings.ts';

/** TikTok refuses event times that lie ahead of its clock by minutes, so ours must not be wrong by one. */
const MOST_SKEW_MS = 60_000;
const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

export function judgeTikTok(
  look: TikTokLook,
  baseUrl: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly Finding[] {
  const proxy = PROXY_VARIABLES.find(name => (env[name] ?? '') !== '');
  const hint =
    proxy === undefined
      ? ''
      : ` The service goes to TikTok directly and takes no notice of ${proxy}: open the way for it, or set tiktok.proxyUrl.`;
  if (look.trouble !== null) {
    const { trouble } = look;
    return [troubled('tiktok', baseUrl, { ...trouble, advice: trouble.advice + hint })];
  }
  if (look.apiCode === null) {
    const advice = `Something else than TikTok answers: check tiktok.baseUrl and what is in between (proxy, gateway).${hint}`;
    const message = `${baseUrl} answered ${look.httpStatus} without TikTok's JSON`;
    return [found('tiktok', 'wrong', 'NOT_TIKTOK', message, advice)];
  }
  return [fine('tiktok', `${baseUrl} answered as TikTok does, in ${look.tookMs} ms`), judgeClock(look.skewMs)];
}

function judgeClock(skewMs: number | null): Finding {
  if (skewMs === null) return fine('clock', 'not compared: the answer has no date');
  if (Math.abs(skewMs) <= MOST_SKEW_MS) return fine('clock', 'this machine and TikTok agree on the time');
  const seconds = Math.round(Math.abs(skewMs) / 1_000);
  const advice = 'Event ages, claims and log times are off by that. Have the machine synchronise its clock (NTP).';
  const message = `this machine is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} TikTok`;
  return found('clock', 'wrong', 'CLOCK_SKEW', message, advice);
}
