/** Tells from a provider's words that a request was longer than its model can read, and by how much. */

/** What the words say of the sizes, in the provider's unit, mostly tokens. */
export interface ContextOverflow {
  /** The most that the model reads. */
  readonly limit?: number;
  /** What it was sent. */
  readonly sent?: number;
}

/** How providers and servers say it. */
const sentences: readonly RegExp[] = [
  /context[ _-]?(length|window|size|limit)/i,
  /max(imum)?[ _](context|prompt|model|input|sequence)[ _](length|len|size|tokens)/i,
  /too many (input )?tokens/i,
  /\b(prompt|input|request|conversation|messages?)\b[^.]{0,60}\btoo (long|large|big)\b/i,
  /\b(prompt|input|request|messages?)\b[^.]{0,100}\b(exceed|longer than|larger than)/i,
  /token (count|limit)[^.]{0,80}exceed|exceed[^.]{0,80}\btokens?\b[^.]{0,40}\b(limit|maximum|allowed|allowance)/i,
  /exceeded model token limit|token limit exceeded/i,
  /reduce the length of (the|your) (messages|prompt|input)/i,
  /range of input length should be/i,
  /must have less than \d+ tokens|tokens` \+ `max_new_tokens` must be/i,
  /request entity too large|payload (size )?(exceeds|too large)|request_too_large/i,
  /content'?: string too long|string_above_max_length/i,
  /tokens to keep from the initial prompt|context the overflows|exceed_context_size/i,
];
/** The same words about what a model may write, about a rate, or about something else that is not the length of the request. */
const otherwise = /max_(completion_|output_)?tokens'? (is|must|cannot|should)|maximum allowed number of output tokens/i;
/** Of a rate that is exceeded, only a request that alone is above it. */
const aboveAnyRate = /request too large|must be reduced/i;

/** Undefined when the words say something else. `status`: the HTTP status of the answer. */
export function contextOverflow(words: string, status: number | undefined): ContextOverflow | undefined {
  // The status is no size.
  const said = words.slice(0, 20_000).replace(/"(code|status)":\s*\d+/g, '');
  if (status === 413) return sizesIn(said);
  if (status === 401 || status === 403 || status === 404) return undefined;
  if (status === 429 && !aboveAnyRate.test(said)) return undefined;
  if (status === 429) return sizesIn(said);
  const isSaid = sentences.some((sentence) => sentence.test(said));
  if (!isSaid || (otherwise.test(said) && !/context/i.test(said))) return undefined;
  return sizesIn(said);
}

const number = /\d[\d,_]*\d/g;
const limitWords =
  /(maximum|limit|only|less than|available|allowed|cannot exceed|longer than|<=|>|too large for|up to)[^\d.;]{0,60}?(\d[\d,_]*\d)/gi;

function sizesIn(words: string): ContextOverflow {
  const numbers = [...words.matchAll(number)].map(([text]) => valueOf(text)).filter((value) => value >= 256);
  const limits = [...words.matchAll(limitWords)]
    .map((match) => valueOf(match[2] ?? ''))
    .filter((value) => value >= 256);
  const sum = /(\d[\d,]*) \+ (\d[\d,]*) > (\d[\d,]*)/.exec(words);
  if (sum) return { sent: valueOf(sum[1] ?? '') + valueOf(sum[2] ?? ''), limit: valueOf(sum[3] ?? '') };
  const limit = limits.length > 0 ? Math.min(...limits) : numbers.length > 1 ? Math.min(...numbers) : undefined;
  const sent = numbers.length > 0 ? Math.max(...numbers) : undefined;
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(sent === undefined || (limit !== undefined && sent <= limit) ? {} : { sent }),
  };
}

const valueOf = (digits: string): number => Number(digits.replace(/[,_]/g, ''));
