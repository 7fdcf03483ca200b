/** Masks the values of secrets in text that is shown or logged, also where they are encoded. */

/** Characters; shorter values would mask ordinary words. */
const shortest = 4;
const mask = '[redacted]';

/** Returns a function that masks these secrets: as they are, escaped for JSON, URL-encoded, and in base64 at any alignment. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = new Set(secrets.filter((secret) => secret.length >= shortest).flatMap(formsOf));
  if (forms.size === 0) return (text) => text;
  // Longest first: a secret that contains another one is masked as a whole.
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  const any = new RegExp(longestFirst.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(any, mask);
}

function formsOf(secret: string): string[] {
  const url = encode(secret);
  const base64 = [0, 1, 2].flatMap((offset) => innerBase64(secret, offset));
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    url,
    url.replace(/%20/g, '+'),
    url.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** In "user:secret" the secret may begin at any of the three bytes of a base64 group; characters that it shares with its neighbours are left out. */
function innerBase64(secret: string, offset: number): string[] {
  const bytes = Buffer.from(secret);
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const from = Math.ceil((offset * 8) / 6);
  const until = Math.floor(((offset + bytes.length) * 8) / 6);
  const inner = text.slice(from, until);
  return inner.length >= shortest ? [inner] : [];
}

function encode(secret: string): string {
  try {
    return encodeURIComponent(secret);
  } catch {
    return secret; // A lone surrogate has no URL form.
  }
}
