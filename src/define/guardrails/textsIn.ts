/** The texts that patterns of guardrails are tried on: every text of a value as a reader sees it, not as JSON escapes it. */

/** How often a text is unescaped: JSON may be quoted in JSON so many times. */
const maxUnescaped = 8;

/**
 * The value as one text, and every text, key, number and truth value in it by itself. A text with escapes (`\n`, `\"`, `\u0034`) is there
 * once more without them, because an escape before a word hides where the word begins. The texts of parts (`[{ text }, { text }]`) are also put together.
 */
export function textsIn(whole: string, value: unknown): string[] {
  // A piece of prose, as most are while a model speaks: no set has to take the hash of it.
  if (value === undefined && !whole.includes('\\')) return [whole];
  const texts = new Set([whole]);
  collect(value, texts);
  for (const text of texts) for (const plain of unescaped(text)) texts.add(plain);
  return [...texts];
}

function collect(value: unknown, texts: Set<string>): void {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    texts.add(String(value));
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const parts = value.map(partText);
    if (parts.length > 1 && parts.every((part) => part !== undefined)) texts.add(parts.join(''));
    for (const each of value) collect(each, texts);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    texts.add(key);
    collect(inner, texts);
  }
}

/** The text of a part of a message. */
const partText = (part: unknown): string | undefined => {
  const text: unknown = typeof part === 'object' && part !== null ? Reflect.get(part, 'text') : undefined;
  return typeof text === 'string' ? text : undefined;
};

/** The text without its escapes, once for each level of them. */
function unescaped(text: string): string[] {
  const levels: string[] = [];
  for (let inner = text; inner.includes('\\') && levels.length < maxUnescaped;) {
    const next = inner.replace(/\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|(.))/gis, (_, four, two, one) =>
      one === undefined ? String.fromCharCode(parseInt(four ?? two, 16)) : (escapes[one] ?? one),
    );
    if (next === inner) break;
    levels.push(next);
    inner = next;
  }
  return levels;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', 0: '\0' };
