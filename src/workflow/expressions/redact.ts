/** Takes secrets out of what is stored, logged or shown, by their values. */
import { isJsonObject, type Json } from '../../values/json.ts';
import type { Failure } from '../../values/failure.ts';

/** What stands where a secret was. */
export const redacted = '[REDACTED]';
/** Shorter texts are too common to be taken out: "1" would be everywhere. */
const shortest = 4;

/** The value without the secrets, also where they are encoded for JSON or a URL, and in the names of fields. The value itself when there is none in it. */
export function redact(value: Json, secrets: readonly string[]): Json {
  const pattern = patternOf(secrets);
  return pattern ? redactBy(value, pattern) : value;
}

/** The failure without the secrets, in all its parts. */
export function redactFailure(failure: Failure, secrets: readonly string[]): Failure {
  const pattern = patternOf(secrets);
  if (!pattern) return failure;
  return {
    ...failure,
    message: failure.message.replace(pattern, redacted),
    ...(failure.data === undefined ? {} : { data: redactBy(failure.data, pattern) }),
    ...(failure.cause === undefined ? {} : { cause: failure.cause.replace(pattern, redacted) }),
  };
}

/** Finds every form of every secret, the longest first, so that a secret that contains another one is taken out as a whole. */
function patternOf(secrets: readonly string[]): RegExp | undefined {
  const forms = [...new Set(secrets.filter((secret) => secret.length >= shortest).flatMap(formsOf))];
  if (forms.length === 0) return undefined;
  const longestFirst = forms.toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((form) => form.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')).join('|'), 'g');
}

/** A secret as it is, within a JSON text, and within a URL or a form. */
function formsOf(secret: string): readonly string[] {
  const encoded = encodeURIComponent(secret.toWellFormed());
  const strict = encoded.replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
  const lower = (text: string): string => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  const path = encoded.replace(/%(?:3A|40|2C|3B|3D|2B|24|26)/g, decodeURIComponent);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    ...[encoded, strict, path, encoded.replaceAll('%20', '+'), strict.replaceAll('%20', '+')].flatMap((form) => [
      form,
      lower(form),
    ]),
  ];
}

function redactBy(value: Json, pattern: RegExp): Json {
  if (typeof value === 'string') return value.replace(pattern, redacted);
  // A secret that was read as a number is one still.
  if (typeof value === 'number') return pattern.test(resetting(pattern, String(value))) ? redacted : value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => redactBy(item, pattern));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.replace(pattern, redacted), redactBy(inner, pattern)]),
  );
}

/** A global pattern remembers where it was: each text is looked at from its beginning. */
function resetting(pattern: RegExp, text: string): string {
  pattern.lastIndex = 0;
  return text;
}
