/** What TikTok says about the tokens of all connections (`doctor --verify-tokens`). */

import { type Finding, fine, found, skipped } from './doctor-findings.ts';
import type { Verified } from './verify-connection.ts';

const CHECK = 'tokens.verified';

export function judgeVerified(verified: readonly Verified[]): readonly Finding[] {
  if (verified.length === 0) return [skipped(CHECK, 'there is no enabled connection to verify')];
  return verified.map(judgeOne);
}

function judgeOne({ advice, api_code, connection_id, message, pixel_id, request_id, result }: Verified): Finding {
  const who = `${connection_id}, pixel ${pixel_id}`;
  if (result === 'active') return fine(CHECK, `${who}: TikTok takes the token`);
  const details = [
    message,
    api_code === null ? null : `code ${api_code}`,
    request_id === null ? null : `request ${request_id}`,
  ];
  const told = `${who}: ${details.filter(detail => detail !== null).join(', ')}`;
  if (result === 'refused')
    return found(CHECK, 'wrong', 'TOKEN_REFUSED', told, advice ?? 'Give it a token of this pixel.');
  return found(CHECK, 'warning', 'TOKEN_UNDECIDED', told, advice ?? 'Try again later.');
}
