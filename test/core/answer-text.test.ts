import { expect, it } from 'vitest';
import { answerText } from '../../src/core/answer-text.ts';

it.each([
  [
    { apiCode: 40105, httpStatus: 200, message: 'Access token is incorrect' },
    'code 40105, HTTP 200, Access token is incorrect',
  ],
  [{ apiCode: null, httpStatus: null, message: 'ECONNREFUSED' }, 'ECONNREFUSED'],
])('an answer in a few words: %#', (answer, text) => {
  expect(answerText(answer)).toBe(text);
});
