/** What a control server says of itself. */
import * as z from 'zod';
import type { JsonObject } from '../../../values/json.ts';
import { jsonReply } from '../base/reply.ts';
import { route, type HttpRoute } from '../base/route.ts';

/** `GET /v1/status`. */
export const statusRoute = (status: () => Promise<JsonObject>): HttpRoute =>
  route({
    method: 'GET',
    path: '/v1/status',
    access: 'client',
    summary: 'The version of the server, its journal, and the definitions that can be started.',
    responses: { 200: { description: 'How it stands.', schema: z.looseObject({ version: z.string() }) } },
    handle: async () => jsonReply(200, await status()),
  });
