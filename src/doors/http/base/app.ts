/**
 * What all doors over HTTP share, without a socket: requests in, answers out. Every request is answered, and none ends the process:
 * what a handler throws becomes 500 without its stack. A route with the access `control` is not reached without the token, when the door has one.
 */
import { reasonOf } from '../../../values/cause.ts';
import type { Clock } from '../../../values/clock.ts';
import { toFailure } from '../../../values/failure.ts';
import type { JsonObject } from '../../../values/json.ts';
import { systemClock } from '../../../engine/clock.ts';
import { writeAccess, type AccessLog } from './accessLog.ts';
import { defaultBodyLimit } from './body.ts';
import { dispatcher } from './dispatch.ts';
import { InFlight } from './inFlight.ts';
import { openApiDocument } from './openapi.ts';
import { allowedOrigin, checkHost } from './origin.ts';
import { HttpRefusal, problemOf, refusalStatus } from './refusal.ts';
import { replyHeaders, jsonReply, toResponse, type HttpReply } from './reply.ts';
import { requestIdHeader, requestIdOf } from './requestId.ts';
import { route, type HttpRoute } from './route.ts';
import { checkedQuery } from './target.ts';

/** What is served, and to whom. */
export interface HttpAppOptions {
  readonly routes: readonly HttpRoute[];
  /** What the document at `/openapi.json` calls the service; `Troupe` by default. */
  readonly title?: string;
  /** What requests of the access `control` must send as `Authorization: Bearer`. Default: they need nothing. */
  readonly token?: string;
  /** Says whether a text is one of the further tokens that requests of the access `client` may send; there are none by default. */
  readonly accepts?: (token: string) => Promise<boolean>;
  /** Origins of web pages that may use the door, such as `https://example.org`; none by default. */
  readonly origins?: readonly string[];
  /** Host names that it answers for, in lower case and without a port; all by default. */
  readonly hosts?: ReadonlySet<string>;
  /** The largest body in bytes; 10 MB by default. */
  readonly bodyLimit?: number;
  /** Gets a line for each request; none by default. */
  readonly log?: AccessLog;
  /** The system's clock by default. */
  readonly clock?: Clock;
}

/** An app that answers requests. */
export interface HttpApp {
  /** Answers a request. Never rejects. */
  answer(request: Request): Promise<HttpReply>;
  /** The same as the web's `Response`. */
  fetch(request: Request): Promise<Response>;
  /** Refuses further requests, and resolves when those before are answered. */
  drain(): Promise<void>;
}

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/** Makes the app of some routes. Rejects with `environment` when hono is not installed, and with `definition` when two routes are the same. */
export async function httpApp(options: HttpAppOptions): Promise<HttpApp> {
  const { title = 'Troupe', clock = systemClock(), log } = options;
  const routes = [...options.routes, openApiRoute(title, options.routes)];
  const inFlight = new InFlight();
  const origins = new Set(options.origins);
  const dispatch = await dispatcher(routes, {
    token: options.token,
    accepts: options.accepts,
    bodyLimit: options.bodyLimit ?? defaultBodyLimit,
    draining: inFlight.draining,
  });
  const app: HttpApp = {
    fetch: async (request) => toResponse(await app.answer(request)),
    async answer(request) {
      const started = clock.now();
      const id = requestIdOf(request.headers, clock);
      let defect: string | undefined;
      const page: Record<string, string> = {};
      const respond = async (): Promise<HttpReply> => {
        try {
          if (inFlight.draining.aborted) throw closing();
          return await inFlight.run(async () => {
            checkHost(request.headers, options.hosts);
            Object.assign(page, allowedOrigin(request.headers, origins));
            const query = checkedQuery(request.url);
            return await dispatch(request, { id, query, page: Object.keys(page).length > 0 });
          });
        } catch (thrown) {
          const failure = toFailure(thrown);
          const status = refusalStatus(thrown, failure);
          if (status >= 500 && !(thrown instanceof HttpRefusal)) defect = reasonOf(thrown);
          return {
            status,
            headers: {
              ...(thrown instanceof HttpRefusal ? thrown.headers : {}),
              ...(failure.retryAfter === undefined
                ? {}
                : { 'retry-after': String(Math.ceil(failure.retryAfter / 1_000)) }),
            },
            body: { kind: 'json', value: problemOf(status, thrown, id), type: 'application/problem+json' },
          };
        }
      };
      const reply = await respond();
      const { method, url } = request;
      writeAccess(log, {
        started,
        ended: clock.now(),
        id,
        method,
        url,
        status: reply.status,
        ...(defect === undefined ? {} : { defect }),
      });
      return { ...reply, headers: { ...replyHeaders(reply), ...securityHeaders, ...page, [requestIdHeader]: id } };
    },
    drain: () => inFlight.drain(),
  };
  return app;
}

const closing = () =>
  new HttpRefusal(503, 'transient', 'The server is about to stop. Send the request again in a moment.', {
    retryAfter: 1_000,
    headers: { connection: 'close' },
  });

function openApiRoute(title: string, routes: readonly HttpRoute[]): HttpRoute {
  // Made when it is first asked for: most processes never are.
  let document: JsonObject | undefined;
  return route({
    method: 'GET',
    path: '/openapi.json',
    access: 'public',
    summary: 'This document.',
    responses: { 200: { description: 'An OpenAPI 3.1 document.' } },
    handle: () => jsonReply(200, (document ??= openApiDocument(title, routes))),
  });
}
