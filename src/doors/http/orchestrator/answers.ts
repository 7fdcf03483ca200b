/** The answers that the routes of the orchestrator have in common. */
import type { Failure } from '../../../values/failure.ts';
import type { RouteResponse } from '../base/route.ts';
import { textReply, type HttpReply } from '../base/reply.ts';

/** A request that is refused gets one line of text. */
export const refuseInText = (status: number, { message }: Failure): HttpReply => textReply(status, message);

/** There is no such run. */
export const noRun = (): HttpReply => textReply(404, 'run not found');

/** There is no such approval. */
export const noApproval = (): HttpReply => textReply(404, 'approval not found');

/** How a missing thing is described. */
export const missing: Readonly<Record<404, RouteResponse>> = { 404: { description: 'There is none.' } };

/** How a body that cannot be read is described. */
export const malformed: Readonly<Record<400, RouteResponse>> = {
  400: { description: 'The body is not what was expected.' },
};

/** A part of a path. The router only calls a route with all its parts. */
export const part = (params: Readonly<Record<string, string>>, name: string): string => params[name] ?? '';
