/** Asks a gateway of another process for the answer of a model. */
import * as z from 'zod';
import { throughJson } from '../../../values/json.ts';
import { TroupeError } from '../../../values/failure.ts';
import { gatewayStatuses, type GatewayErrorCode } from '../../../gateway/groups/codes.ts';
import { GatewayRefusal, longestModelCall, ModelResult, ModelUsage, usageHeader } from '../contracts/modelRequest.ts';
import type { GatewayService } from '../gateway.ts';
import { nullAsAbsent } from '../../../contracts/workflow/nullAsAbsent.ts';
import { exchange, type ClientOptions } from './exchange.ts';
import { patientFetch } from '../../../security/patientFetch.ts';
import { peerUrl } from './peerUrl.ts';
import { refusedAnswer } from './refusedAnswer.ts';

/**
 * A gateway at a URL. Gives what the gateway said, refusals included. Rejects with `transient`, `timeout` or `cancelled` when there is no answer,
 * `auth` without the right token, and `format` when the answer is not one of the contract.
 */
export const gatewayClient = (url: string, options: ClientOptions = {}): GatewayService => ({
  async invoke(request, signal) {
    const answer = await exchange({
      ...options,
      fetch: options.fetch ?? patientFetch,
      timeout: options.timeout ?? longestModelCall,
      who: 'The gateway',
      url: peerUrl(url, 'invoke'),
      body: throughJson(request),
      signal,
    });
    const { status, json, headers, retryAfter } = answer;
    const result = status >= 200 && status < 300 ? GivenResult.safeParse(json).data : undefined;
    if (result) return { ...result, content: result.content ?? '' };
    const refusal = KnownRefusal.safeParse(json).data;
    if (status < 400 || !refusal) throw refusedAnswer('The gateway', 'POST /invoke', answer);
    const used = usedIn(headers);
    if (used) return { ...refusal, ...(used.tokens_in + used.tokens_out > 0 ? { used } : {}) };
    // A gateway of another maker does not say that it has tried again by itself: the caller does.
    if (!refusal.retryable) return refusal;
    throw new TroupeError('transient', refusal.message, { data: { code: refusal.error }, retryAfter });
  },
});

/** What failed attempts have used. A gateway that says it has tried as often as it makes sense. */
function usedIn(headers: Headers): ModelUsage | undefined {
  const text = headers.get(usageHeader);
  try {
    return text === null ? undefined : ModelUsage.parse(JSON.parse(text));
  } catch {
    // A gateway of another system may have such a header, too.
    return undefined;
  }
}

/** A count that is none says nothing: what was used is estimated then. */
const count = z.number().nonnegative().catch(0);
/** What providers call an answer that is not whole. */
const reasons: Readonly<Record<string, string>> = {
  max_tokens: 'length',
  content_filter: 'refused',
  refusal: 'refused',
};

/** An answer as gateways of other makers give it: with null, without counts, with reasons of their own. */
const GivenResult = ModelResult.extend({
  content: z.string().nullish(),
  model_resolved: nullAsAbsent(z.string().default('')),
  tokens_in: count,
  tokens_out: count,
  cost_usd: count,
  finish_reason: z.preprocess(
    (reason) => (typeof reason === 'string' ? (reasons[reason] ?? reason) : undefined),
    ModelResult.shape.finish_reason.catch(undefined),
  ),
  provider: ModelResult.shape.provider.catch(undefined),
}).refine(({ content, tool_calls: calls }) => typeof content === 'string' || (calls ?? []).length > 0);

// The keys of an object are its names.
const codes = Object.keys(gatewayStatuses) as [GatewayErrorCode, ...GatewayErrorCode[]];
const KnownRefusal = GatewayRefusal.extend({ error: z.enum(codes) });
