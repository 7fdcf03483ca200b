/** A control server without a socket, and its client. */
import { virtualClock, type VirtualClock } from 'troupe/testing';
import type { TroupeClient } from '../../../src/contracts/client/client.ts';
import { httpApp, type HttpAppOptions } from '../../../src/doors/http/base/app.ts';
import { httpClient } from '../../../src/doors/http/clients/controlClient.ts';
import { controlRoutes } from '../../../src/doors/http/control/routes.ts';

/** The token of the server in tests that have one. */
export const serverToken = 'the-token-of-the-server';

export async function openControl(
  client: TroupeClient,
  options: Partial<HttpAppOptions> & { clock?: VirtualClock } = {},
) {
  const clock = options.clock ?? virtualClock();
  const app = await httpApp({ routes: controlRoutes(client, clock), clock, ...options });
  const send: typeof fetch = (input, init) => app.fetch(new Request(input, init));
  const ask = async (
    what: string,
    { token, body, headers }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const [method = '', path = ''] = what.split(' ');
    const response = await send(`http://localhost${path}`, {
      method,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      text,
      headers: response.headers,
      json: (): unknown => JSON.parse(text),
    };
  };
  const at = (token?: string) =>
    httpClient('http://localhost', { fetch: send, clock, ...(token === undefined ? {} : { token }) });
  return { app, ask, at, send, clock };
}
