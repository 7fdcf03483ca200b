/** Asks a gateway of another process for the answer of a model. */
import * as z from 'zod';
import { throughJson } from '../../../values/json.ts';
import { TroupeError } from '../../../values/failure.ts';
import { gatewayStatuses, type GatewayErrorCode } from '../../../gateway/groups/codes.ts';
import { GatewayRefusal, longestModelCall, ModelResult, ModelUsage, usageHeader } from '../contracts/modelRequest.ts';
import type { GatewayService } from '../gateway.ts';
import { exchange, type ClientOptions } from './exchange.ts';
import { patientFetch } from '../../../security/patientFetch.ts';
import { peerUrl } from './peerUrl.ts';

/**
 * A gateway at a URL. Gives what the gateway said, refusals included. Rejects with `transient`, `timeout` or `cancelled` when there is no answer,
 * `auth` without the right token, and `format` when the answer is not one of the contract.
 */
export const gatewayClient = (url: string, options: ClientOptions = {}): GatewayService => ({
  async invoke(request, signal) {
    const { status, json, retryAfter, headers } = await exchange({
      ...options,
      fetch: options.fetch ?? patientFetch,
      timeout: options.timeout ?? longestModelCall,
      who: 'The gateway',
      url: peerUrl(url, 'invoke'),
      body: throughJson(request),
      signal,
    });
    const result = status === 200 ? ModelResult.safeParse(json).data : undefined;
    if (result) return result;
    const refusal = KnownRefusal.safeParse(json).data;
    if (status >= 400 && refusal) return { ...refusal, ...usedIn(headers) };
    throw new TroupeError(
      status === 401 || status === 403 ? 'auth' : status >= 500 || status === 429 ? 'transient' : 'format',
      `The gateway answered ${status} with a body that is not of its contract.`,
      { data: { status }, retryAfter },
    );
  },
});

/** What failed attempts have used, if the gateway says so. */
function usedIn(headers: Headers): Pick<GatewayRefusal, 'used'> {
  const text = headers.get(usageHeader);
  try {
    return text === null ? {} : { used: ModelUsage.parse(JSON.parse(text)) };
  } catch {
    // A gateway of another system may have such a header, too.
    return {};
  }
}

// The keys of an object are its names.
const codes = Object.keys(gatewayStatuses) as [GatewayErrorCode, ...GatewayErrorCode[]];
const KnownRefusal = GatewayRefusal.extend({ error: z.enum(codes) });
