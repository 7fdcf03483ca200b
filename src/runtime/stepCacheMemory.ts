/** Keeps results of steps as long as the process lives, for a journal that keeps nothing either. */
import type { StepCache } from '../contracts/workflow/stepCache.ts';
import type { Json } from '../values/json.ts';

/** So many results are kept; then the oldest are forgotten. */
const most = 10_000;

/** Results in memory. */
export function stepCacheMemory(): StepCache {
  const results = new Map<string, { readonly until: number; readonly result: Json }>();
  return {
    async get(key, now) {
      const kept = results.get(key);
      return kept && kept.until > now ? kept.result : undefined;
    },
    async set(key, result, now, ttl) {
      results.delete(key);
      results.set(key, { until: now + ttl, result });
      for (const oldest of results.keys()) {
        if (results.size <= most) break;
        results.delete(oldest);
      }
    },
  };
}
