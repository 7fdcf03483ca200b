/** Token buckets, one for each key: full at first, emptied by work, refilled at a steady rate. A full bucket is not kept. */

interface Bucket {
  /** When the levels were computed; milliseconds since the epoch. */
  readonly at: number;
  readonly tasks: number;
  readonly tokens: number;
}
export type TokenBuckets = Readonly<Record<string, Bucket>>;

export interface TokenRates {
  readonly tasks: number | undefined;
  readonly tokens: number | undefined;
  /** The period of both rates, in milliseconds. */
  readonly per: number;
}

/** The most buckets that are kept: while there are so many, work with another key is rejected. */
const maxBuckets = 1_000;
const unlimited = Number.MAX_SAFE_INTEGER;

const full = ({ tasks, tokens }: TokenRates, at: number): Bucket => ({
  at,
  tasks: tasks ?? unlimited,
  tokens: tokens ?? unlimited,
});
const refilled = (bucket: Bucket, rates: TokenRates, at: number): Bucket => {
  const { tasks, tokens } = full(rates, at);
  const share = Math.max(0, at - bucket.at) / rates.per;
  return {
    at: Math.max(at, bucket.at),
    tasks: Math.min(tasks, bucket.tasks + share * tasks),
    tokens: Math.min(tokens, bucket.tokens + share * tokens),
  };
};
const bucketOf = (buckets: TokenBuckets, key: string, rates: TokenRates, at: number): Bucket => {
  const known = Object.hasOwn(buckets, key) ? buckets[key] : undefined;
  return known ? refilled(known, rates, at) : full(rates, at);
};

/** Milliseconds until the bucket allows work again; 0 when it does now. Infinity: there are too many keys. */
export function bucketWait(buckets: TokenBuckets, key: string, rates: TokenRates, at: number): number {
  const { tasks = unlimited, tokens = unlimited, per } = rates;
  if (!Object.hasOwn(buckets, key) && Object.keys(withoutFullBuckets(buckets, rates, at)).length >= maxBuckets)
    return Infinity;
  const level = bucketOf(buckets, key, rates, at);
  return Math.ceil(
    Math.max(
      level.tasks >= 1 ? 0 : ((1 - level.tasks) / tasks) * per,
      level.tokens > 0 ? 0 : ((1 - level.tokens) / tokens) * per,
    ),
  );
}

/** Takes from a bucket; a negative amount puts back. Tokens are known only afterwards, so the level may fall below zero. */
export function takeFromBucket(
  buckets: TokenBuckets,
  key: string,
  { tasks = 0, tokens = 0 }: { tasks?: number; tokens?: number },
  rates: TokenRates,
  at: number,
): TokenBuckets {
  const level = bucketOf(buckets, key, rates, at);
  const top = full(rates, at);
  const next = {
    // Later than `at` when the clock was set back: what was refilled for that time is not refilled again.
    at: level.at,
    tasks: rates.tasks === undefined ? unlimited : Math.min(top.tasks, level.tasks - tasks),
    tokens: rates.tokens === undefined ? unlimited : Math.min(top.tokens, level.tokens - tokens),
  };
  return withoutFullBuckets({ ...buckets, [key]: next }, rates, at);
}

const withoutFullBuckets = (buckets: TokenBuckets, rates: TokenRates, at: number): TokenBuckets => {
  const top = full(rates, at);
  return Object.fromEntries(
    Object.entries(buckets).filter(([, bucket]) => {
      const { tasks, tokens } = refilled(bucket, rates, at);
      return tasks < top.tasks || tokens < top.tokens;
    }),
  );
};
