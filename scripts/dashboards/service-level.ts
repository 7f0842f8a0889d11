/** The two promises of delivery as service levels, once: the alert rules burn the same budgets, and a test compares. */

import { DEAD_LETTER_REASONS } from '../../src/core/outcome.ts';
import { DEAD_LETTER_TEXTS } from '../reason-texts.ts';

/** Of the events that TikTok accepts, the share that is to be with it in time. */
export const FRESHNESS_OBJECTIVE = 0.99;

/** In time is within so many seconds after the record came to Kafka; a bucket of the histogram. */
export const WITHIN_SECONDS = 300;

/** Newer Prometheus servers write the bounds of buckets with a decimal point. */
export const IN_TIME = `le=~"${WITHIN_SECONDS}(\\\\.0)?"`;

/** Of the events that end one way or the other, the share that is to be delivered. */
export const COMPLETENESS_OBJECTIVE = 0.999;

/** Dead letters that count against it: those that only this service's operators can do something about. */
export const OURS = DEAD_LETTER_REASONS.filter(reason => DEAD_LETTER_TEXTS[reason].who === 'operator');
