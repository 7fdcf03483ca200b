/** Names become ids: what a person wrote is found again, or refused with the reason. */
import { describe, expect, test } from 'vitest';
import { slug } from '../../src/values/ids.ts';

describe('a name becomes an id', () => {
  test.each([
    ['My Agent', 'my-agent'],
    ['webSearch', 'web-search'],
    ['R&D', 'r-d'],
    ['Zoë', 'zoe'],
    ['ü', 'u'],
    ['ﬁne', 'fine'],
    [' padded', 'padded'],
    ['a.b_c-d', 'a.b_c-d'],
    ['x'.repeat(64), 'x'.repeat(64)],
  ])('%j as %j', (name, id) => expect(slug(name)).toBe(id));

  test.each([
    ['__proto__', /JavaScript itself uses it/],
    ['_hidden', /does not start with a letter or a digit/],
    ['.env', /does not start with a letter or a digit/],
    ['constructor', /JavaScript itself uses it/],
    ['', /does not start/],
    ['!!!', /does not start/],
    ['x'.repeat(100), /has 100 characters, and at most 64 are kept/],
    ['Straße', /"ß" cannot be part of an id/],
    ['研究员', /"研" cannot be part of an id/],
    ['agent 研', /"研" cannot be part of an id/],
    ['robot 🤖', /"🤖" cannot be part of an id/],
  ])('%j is refused with the reason', (name, reason) => {
    expect(() => slug(name)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringMatching(reason) as string }),
    );
  });
});
