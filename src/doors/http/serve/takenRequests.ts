/** The requests that a runtime has taken, and what came of them: one that comes again is answered again, and not done again. Of the oldest nothing is known any longer. */
import { createHash } from 'node:crypto';
import { canonicalJson, throughJson } from '../../../values/json.ts';
import type { CallbackPayload } from '../contracts/stepMessages.ts';
import type { InvokeRequest } from '../contracts/runtimeRequest.ts';

/** How many requests are known, and how many characters what came of them has. */
const most = { requests: 10_000, characters: 32_000_000 };

/** What is known of a request: nothing of it was said while it is worked on. */
interface Taken {
  readonly said?: CallbackPayload;
  readonly characters: number;
}

/** The requests of one runtime. */
export interface TakenRequests {
  /** What is known of a request that was taken before; undefined of a new one, which is taken now. */
  take(request: InvokeRequest): { readonly said?: CallbackPayload } | undefined;
  /** What came of a request. */
  ended(request: InvokeRequest, said: CallbackPayload): void;
}

/** Requests are the same when all of them is: the callback of a step may have one URL for all that is asked of it. */
export function takenRequests(): TakenRequests {
  const known = new Map<string, Taken>();
  let characters = 0;
  const keyOf = (request: InvokeRequest) =>
    createHash('sha256')
      .update(canonicalJson(throughJson(request)))
      .digest('base64url');
  const forgetOldest = () => {
    for (const [key, { characters: own }] of known) {
      if (known.size <= most.requests && characters <= most.characters) return;
      known.delete(key);
      characters -= own;
    }
  };
  return {
    take(request) {
      const key = keyOf(request);
      const before = known.get(key);
      if (!before) known.set(key, { characters: 0 });
      forgetOldest();
      return before;
    },
    ended(request, said) {
      const key = keyOf(request);
      // One that was forgotten stays so.
      if (!known.has(key)) return;
      const own = JSON.stringify(said).length;
      known.set(key, { said, characters: own });
      characters += own;
      forgetOldest();
    },
  };
}
