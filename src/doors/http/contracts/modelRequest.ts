/** What a runtime asks of a gateway, and what it answers, with their names in the OpenAPI document. */
import * as z from 'zod';
import { GatewayInvokeAnswer, GatewayInvokeRequest } from '../../../contracts/workflow/gatewayInvoke.ts';
import type { GatewayErrorCode } from '../../../gateway/groups/codes.ts';
import { named } from '../base/openapi.ts';

/** How long one request may take, in milliseconds: a gateway asks several models, waits for its turn, and each answer may take ten minutes. */
export const longestModelCall = 60 * 60_000;

/** One request to a model of a group. */
export const ModelInvocation = named('ModelInvocation', GatewayInvokeRequest);
export type ModelInvocation = z.infer<typeof ModelInvocation>;

/** The answer of a model. */
export const ModelResult = named('ModelResult', GatewayInvokeAnswer);
export type ModelResult = z.infer<typeof ModelResult>;

/** A request that the gateway refuses, or that its provider refused. */
export const GatewayRefusal = named(
  'GatewayRefusal',
  z.object({ error: z.string(), message: z.string(), retryable: z.boolean() }),
);
/** The same, with a code that the contract knows. */
export interface GatewayRefusal extends z.infer<typeof GatewayRefusal> {
  readonly error: GatewayErrorCode;
  /** What attempts have used that came to nothing; absent when it was nothing. It goes along in the header `usageHeader`: the body is fixed by the contract. */
  readonly used?: ModelUsage;
}

/** What calls of models have used, in US dollars. */
export const ModelUsage = GatewayInvokeAnswer.pick({ tokens_in: true, tokens_out: true, cost_usd: true });
export type ModelUsage = z.infer<typeof ModelUsage>;

/** The header of a refusal with the `ModelUsage` of failed attempts, as JSON. Ours. */
export const usageHeader = 'troupe-usage';
