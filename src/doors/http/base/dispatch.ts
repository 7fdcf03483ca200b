/** Finds the route of a request, checks who asks, and answers as the contract of the route has it. */
import { loadOptional } from '../../../values/optional.ts';
import { httpPackages } from './packages.ts';
import { TroupeError, toFailure } from '../../../values/failure.ts';
import { readBody } from './body.ts';
import { jsonFrom } from './jsonText.ts';
import { preflightHeaders } from './origin.ts';
import { HttpRefusal, refusalStatus } from './refusal.ts';
import { emptyReply, replyHeaders, textReply, type HttpReply } from './reply.ts';
import type { HttpRoute } from './route.ts';
import { bearerToken, sameSecret } from './secretText.ts';

/** What the base found out about a request before its route is known. */
export interface Call {
  readonly id: string;
  readonly query: Readonly<Record<string, string>>;
  /** Whether an allowed web page asks. */
  readonly page: boolean;
}

/** What all routes share. */
export interface DispatchSettings {
  /** The token of the door, if it has one. */
  readonly token: string | undefined;
  /** Says whether a text is a further token, for requests of the access `client`. */
  readonly accepts: ((token: string) => Promise<boolean>) | undefined;
  /** Bytes. */
  readonly bodyLimit: number;
  readonly draining: AbortSignal;
}

/** Makes the function that answers requests. It rejects with what a handler throws, when the contract of its route has no answer for it. */
export async function dispatcher(
  routes: readonly HttpRoute[],
  { token, accepts, bodyLimit, draining }: DispatchSettings,
): Promise<(request: Request, call: Call) => Promise<HttpReply>> {
  const { Hono } = await loadOptional(httpPackages, 'HTTP needs', () => import('hono'));
  const router = new Hono<{ Bindings: { readonly call: Call; reply?: HttpReply } }>();
  /** The router finds the route; what is answered is not made a `Response` yet. */
  const found = new Response(null);

  for (const [path, methods] of byPath(routes)) {
    const allow = allowedMethods([...methods.keys()]);
    router.all(path.replaceAll(/\{(\w+)\}/g, ':$1'), async ({ req, env }) => {
      const { method } = req.raw;
      const { call } = env;
      const each = methods.get(method === 'HEAD' ? 'GET' : method);
      if (each) env.reply = await answer(each, req.raw, req.param(), call);
      else if (method === 'OPTIONS')
        env.reply = emptyReply(204, { allow, ...(call.page ? preflightHeaders(allow) : {}) });
      else env.reply = textReply(405, 'method not allowed', { allow });
      return found;
    });
  }
  router.notFound(() => found);
  router.onError((thrown) => {
    throw thrown;
  });

  return async (request, call) => {
    const env: { readonly call: Call; reply?: HttpReply } = { call };
    await router.fetch(request, env);
    const reply = env.reply ?? textReply(404, 'not found');
    return request.method === 'HEAD' ? emptyReply(reply.status, replyHeaders(reply)) : reply;
  };

  /** Calls one route, and turns what it throws into the answer of its contract. */
  async function answer(
    each: HttpRoute,
    request: Request,
    params: Record<string, string>,
    call: Call,
  ): Promise<HttpReply> {
    const given = bearerToken(request.headers);
    const authorized = token === undefined || sameSecret(given ?? '', token);
    if (each.access !== 'public' && !authorized) await requireAccepted(each.access, given);
    let body: Promise<Uint8Array> | undefined;
    const bytes = () => (body ??= readBody(request, bodyLimit));
    try {
      return await each.answer({
        params,
        query: call.query,
        headers: request.headers,
        id: call.id,
        authorized,
        signal: request.signal,
        draining: draining,
        bytes,
        async json() {
          const sent = await bytes();
          return sent.byteLength === 0 ? undefined : jsonFrom(sent);
        },
      });
    } catch (thrown) {
      const failure = toFailure(thrown);
      const status = refusalStatus(thrown, failure);
      const reply = status >= 500 || thrown instanceof HttpRefusal ? undefined : each.refuse?.(status, failure);
      if (reply === undefined) throw thrown;
      return reply;
    }
  }

  /** Throws a refusal: 401 for a request without a token that is known, 403 for one that may do less. */
  async function requireAccepted(access: 'client' | 'control', given: string | undefined): Promise<void> {
    const known = given !== undefined && accepts !== undefined && (await accepts(given));
    if (known && access === 'client') return;
    if (known) throw new HttpRefusal(403, 'denied', 'This token may not do that. Use the token of the server itself.');
    throw new HttpRefusal(
      401,
      'auth',
      `This needs ${access === 'client' && accepts ? 'a token' : 'the token of the server'}, as \`Authorization: Bearer TOKEN\`.`,
      { headers: { 'www-authenticate': 'Bearer' } },
    );
  }
}

function byPath(routes: readonly HttpRoute[]): Map<string, Map<string, HttpRoute>> {
  const paths = new Map<string, Map<string, HttpRoute>>();
  for (const each of routes) {
    const methods = paths.get(each.path) ?? new Map<string, HttpRoute>();
    if (methods.has(each.method))
      throw new TroupeError('definition', `Two routes answer ${each.method} ${each.path}. Serve them at two ports.`);
    paths.set(each.path, methods.set(each.method, each));
  }
  return paths;
}

const allowedMethods = (methods: readonly string[]): string =>
  [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ');
