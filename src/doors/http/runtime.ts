/** The HTTP contract of the runtime: it takes the work of an agent, and sends the result to the callback URL later. */
import { TroupeError } from '../../values/failure.ts';
import { jsonReply } from './base/reply.ts';
import { route, type HttpRoute } from './base/route.ts';
import { ErrorBody } from './contracts/json.ts';
import { InvokeAccepted, InvokeRequest } from './contracts/runtimeRequest.ts';
import { isWebUrl } from './clients/webUrl.ts';
import { ownHealth } from './health.ts';

/** What the contract asks of a runtime. */
export interface RuntimeService {
  /** Takes the work, and returns at once. The result goes to `callback_url` (see `sendCallback`). `max_turns` is at least 1. */
  invoke(request: InvokeRequest): Promise<void>;
}

/** How often a model is asked when the request does not say. */
const defaultTurns = 10;

/** The routes of a runtime. */
export const runtimeRoutes = (service: RuntimeService): readonly HttpRoute[] => [
  ownHealth,
  route({
    method: 'POST',
    path: '/invoke',
    access: 'control',
    summary: 'Works on an agent step, and sends the result to its callback URL.',
    body: InvokeRequest,
    responses: {
      202: { description: 'It was taken.', schema: InvokeAccepted },
      400: { description: 'The request cannot be read.', schema: ErrorBody },
    },
    refuse: (status, { message }) => jsonReply(status, { error: 'invalid_request', message }),
    async handle({ body }) {
      if (!isWebUrl(body.callback_url))
        throw new TroupeError('invalid', 'callback_url must be a URL of http or https without a user name.');
      await service.invoke({ ...body, max_turns: body.max_turns > 0 ? body.max_turns : defaultTurns });
      const { run_id, step_id } = body;
      return jsonReply(202, { run_id, step_id, status: 'accepted' });
    },
  }),
];
