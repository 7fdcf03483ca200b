/** The HTTP contract of the gateway: one request to a model, answered at once. */
import { jsonReply } from './base/reply.ts';
import { route, type HttpRoute } from './base/route.ts';
import { gatewayStatuses } from '../../gateway/groups/codes.ts';
import { GatewayRefusal, ModelInvocation, ModelResult, usageHeader } from './contracts/modelRequest.ts';
import { ownHealth } from './health.ts';

/** What the contract asks of a gateway. */
export interface GatewayService {
  /** Asks a model of the group. Gives a refusal for what the contract has a code for, and must never put a credential into it. */
  invoke(request: ModelInvocation, signal: AbortSignal): Promise<ModelResult | GatewayRefusal>;
}

/** The routes of a gateway. */
export const gatewayRoutes = (service: GatewayService): readonly HttpRoute[] => [
  ownHealth,
  route({
    method: 'POST',
    path: '/invoke',
    access: 'control',
    summary: 'Asks a model of a group.',
    body: ModelInvocation,
    responses: {
      200: { description: 'The answer of the model.', schema: ModelResult },
      ...Object.fromEntries(
        [...new Set(Object.values(gatewayStatuses))].map((status) => [
          status,
          { description: `${codesOf(status).join(', ')}.`, schema: GatewayRefusal },
        ]),
      ),
    },
    refuse: (status, { message }) => jsonReply(status, { error: 'invalid_request', message, retryable: false }),
    async handle({ body, signal }) {
      const result = await service.invoke(body, signal);
      if (!('error' in result)) return jsonReply(200, result);
      const { error, message, retryable, used } = result;
      // Said of every refusal: who asks need not try again what was tried here.
      const headers = { [usageHeader]: JSON.stringify(used ?? { tokens_in: 0, tokens_out: 0, cost_usd: 0 }) };
      return jsonReply(gatewayStatuses[error], { error, message, retryable }, headers);
    },
  }),
];

const codesOf = (status: number): readonly string[] =>
  Object.entries<number>(gatewayStatuses)
    .filter(([, each]) => each === status)
    .map(([code]) => code);
