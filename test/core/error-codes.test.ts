import { describe, expect, it } from 'vitest';
import { CodedError, ERROR_CODES, type ErrorCode, messageOf, systemCodeOf } from '../../src/core/error-codes.ts';

/** Scripts and alerts match on these. Adding one is fine; renaming or removing one breaks somebody. */
const PUBLISHED: readonly ErrorCode[] = [
  'CONFIG_FILE_UNREADABLE',
  'CONFIG_NOT_YAML',
  'CONFIG_UNKNOWN_OPTION',
  'CONFIG_REQUIRED',
  'CONFIG_WRONG_TYPE',
  'CONFIG_OUT_OF_RANGE',
  'CONFIG_INVALID_VALUE',
  'CONFIG_CONFLICT',
  'CONFIG_SET_TWICE',
  'CONFIG_SECRET_FILE_UNREADABLE',
  'CONFIG_SECRET_ON_COMMAND_LINE',
  'INPUT_UNREADABLE',
  'INPUT_INVALID',
  'TOPICS_WRONG',
  'DEPENDENCY_UNREACHABLE',
  'CONSUMER_STUCK',
  'USAGE',
  'UNEXPECTED',
];

describe('error codes', () => {
  it('that were published are still there', () => {
    expect(Object.keys(ERROR_CODES)).toEqual(expect.arrayContaining([...PUBLISHED]));
  });

  it.each(Object.entries(ERROR_CODES))('%s is written in one way and explained in whole sentences', (code, meaning) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(meaning).toMatch(/^\S.*[.]$/s);
    // One line of a table.
    expect(meaning).not.toMatch(/[\n|]/);
  });
});

describe('a coded error', () => {
  it('is an error with its code, message and cause', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new CodedError('DEPENDENCY_UNREACHABLE', 'Kafka cannot be reached.', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'CodedError',
      code: 'DEPENDENCY_UNREACHABLE',
      message: 'Kafka cannot be reached.',
      cause,
    });
    expect(String(error)).toBe('CodedError: Kafka cannot be reached.');
  });
});

describe('the message of what was thrown', () => {
  it('is that of an error, and otherwise the thing itself', () => {
    expect(messageOf(new CodedError('USAGE', 'no such flag'))).toBe('no such flag');
    expect(messageOf('gone')).toBe('gone');
    expect(messageOf(undefined)).toBe('undefined');
  });
});

describe('the code of what was thrown', () => {
  it('is that which the system or a client gave it, and null for anything else', () => {
    expect(systemCodeOf(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
    expect(systemCodeOf(Object.assign(new Error('odd'), { code: 7 }))).toBe('7');
    expect(systemCodeOf(new Error('plain'))).toBe(null);
    expect(systemCodeOf(Object.assign(new Error('empty'), { code: undefined }))).toBe(null);
    expect(systemCodeOf({ code: 'ENOENT' })).toBe(null);
  });
});
