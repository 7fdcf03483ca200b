/** Secrets are masked in every form in which they appear. */
import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { secretsInEnv } from '../../src/observe/envSecrets.ts';
import { redactor } from '../../src/observe/redactor.ts';
import { secretMask } from '../../src/observe/secretMask.ts';

const secret = 'sk-ant+Geheim/Nr 1"?';
const redact = redactor(['', 'abc', secret, `${secret}-longer`]);

test.each([
  ['as it is', `key=${secret};`],
  ['in JSON', JSON.stringify({ headers: { key: secret } })],
  ['in a URL', `https://x/?k=${encodeURIComponent(secret)}`],
  ['in a form', new URLSearchParams({ k: secret }).toString()],
  ['in base64', Buffer.from(secret).toString('base64')],
  ['in base64url', Buffer.from(secret).toString('base64url')],
  ['in a basic authorization', `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`],
  ['in another one', `Basic ${Buffer.from(`me:${secret}:`).toString('base64')}`],
])('a secret is masked %s', (_, line) => {
  const safe = redact(line);
  expect(safe).toContain('[redacted]');
  expect(safe).not.toContain('Geheim');
  expect(Buffer.from(safe.replace('Basic ', ''), 'base64').toString()).not.toContain('Geheim');
});

test('a longer secret that contains a shorter one disappears whole', () => {
  expect(redact(`<${secret}-longer>`)).toBe('<[redacted]>');
});

test('ordinary text is unchanged, and so is a value too short for a secret', () => {
  expect(redact('abc is a word')).toBe('abc is a word');
});

test('the base64 form of a secret is masked at every offset', () => {
  assert(
    property(string({ minLength: 8, unit: 'grapheme' }), string(), string(), (hidden, before, after) => {
      const line = Buffer.from(before + hidden + after).toString('base64');
      expect(redactor([hidden])(line)).toContain('[redacted]');
    }),
  );
});

test('what is secret in an address is a secret of the environment, under any name', () => {
  expect(
    secretsInEnv({
      OPENAI_BASE_URL: 'https://ada:secret%2Fword@host/v1?api_key=0123456789&version=2024-10-21',
      MY_TOKEN: 'a-token-of-mine',
      HOME: '/home/ada/longer',
      PLAIN: 'https://host/v1?page=longer-than-eight',
    }),
  ).toEqual(['secret%2Fword', 'secret/word', '0123456789', 'a-token-of-mine']);
});

test('each of several keys in one variable is a secret', () => {
  const keys = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64'));
  expect(secretsInEnv({ TROUPE_SECRETS_KEY: `${keys.join(',')},short` })).toEqual([`${keys.join(',')},short`, ...keys]);
});

test('the path of a file with a secret is no secret, so that messages can name it', () => {
  expect(
    secretsInEnv({
      TROUPE_SECRETS_KEY_FILE: '/run/secrets/troupe.key',
      MY_TOKEN_FILE: './tokens/mine',
      DB_PASSWORD_FILE: 'config/db.password',
      JWT_TOKEN_FILE: 'eyJhbGciOi.eyJzdWIiOi.SflKxwRJSMeKKF2QT4',
      OTHER_SECRET_FILE: 'not-a-path-but-a-secret',
      SECRET_FILENAME: '/looks/like/a/path',
    }),
  ).toEqual(['eyJhbGciOi.eyJzdWIiOi.SflKxwRJSMeKKF2QT4', 'not-a-path-but-a-secret', '/looks/like/a/path']);
});

test('a secret that is read later is masked from then on, with every line of it', () => {
  const pem = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nabc=\n-----END PRIVATE KEY-----\n';
  const { redact: masked, hide } = secretMask(['first-secret']);
  expect(masked('first-secret and second-secret')).toBe('[redacted] and second-secret');
  hide(['second-secret', pem]);
  expect(masked('first-secret and second-secret')).toBe('[redacted] and [redacted]');
  expect(masked(`line: MIIEvQIBADANBgkqhkiG9w0BAQEFAASC; ${JSON.stringify(pem.trim())}`)).toBe(
    'line: [redacted]; "[redacted]"',
  );
  expect(masked('abc= is a word')).toBe('abc= is a word');
});
