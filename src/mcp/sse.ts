/** Talks to a server over the older transport of the protocol: a stream of server-sent events, and a POST for each message. */
import type { TroupeError } from '../values/failure.ts';
import { requestOf, type HttpAddress } from './address.ts';
import { boundedFetch, tooLarge } from './boundedFetch.ts';
import { httpStatusOf } from './certainty.ts';
import type { McpTransport } from './connection.ts';
import type { ErrorContext } from './errors.ts';
import { mendAnswers } from './mendAnswers.ts';
import { mendedFetch } from './mendedFetch.ts';

/** Prepares a connection to a URL. */
export async function sseTransport(address: HttpAddress, context: ErrorContext): Promise<McpTransport> {
  const { SSEClientTransport, isSpecType } = await import('@modelcontextprotocol/client');
  const { url, headers } = requestOf(address);
  let failure: TroupeError | undefined;
  const transport = new SSEClientTransport(url, {
    requestInit: { headers },
    // Our headers may hold secrets: they are sent to no other origin.
    redirectPolicy: 'same-origin',
    fetch: mendedFetch(
      boundedFetch(() => (failure ??= tooLarge(context))),
      mendAnswers(isSpecType.ContentBlock),
    ),
  });
  return {
    transport,
    get failure() {
      return failure;
    },
    close: () => transport.close(),
  };
}

/** Statuses by which a server that knows only the older transport refuses to be connected to by the newer one. */
const refusals: readonly (number | undefined)[] = [400, 404, 405, 406, 415];
/** Does the error of a connection say that the server may know only the older transport? */
export const mayBeOlder = (error: unknown): boolean => refusals.includes(httpStatusOf(error));
