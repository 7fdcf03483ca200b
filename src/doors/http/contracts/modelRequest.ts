/** What a runtime asks of a gateway, and what it answers, with their names in the OpenAPI document. */
import * as z from 'zod';
import { GatewayInvokeAnswer, GatewayInvokeRequest } from '../../../contracts/workflow/gatewayInvoke.ts';
import type { GatewayErrorCode } from '../../../gateway/groups/codes.ts';
import { named } from '../base/openapi.ts';

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
}
