/** Asks a runtime of another process to work on an agent step. */
import * as z from 'zod';
import { throughJson } from '../../../values/json.ts';
import { TroupeError } from '../../../values/failure.ts';
import type { InvokeRequest } from '../contracts/runtimeRequest.ts';
import type { RuntimeService } from '../runtime.ts';
import { exchange, type ClientOptions } from './exchange.ts';
import { peerUrl } from './peerUrl.ts';

/** Milliseconds: a runtime only takes the work. */
const defaultTimeout = 10_000;

/**
 * A runtime at a URL. `invoke` rejects with `invalid` when it refuses the request, `auth` without the right token, and `transient` or `timeout`
 * when it cannot be reached: the same dispatch may be sent again.
 */
export const runtimeClient = (url: string, options: ClientOptions = {}): RuntimeService => ({
  async invoke(request: InvokeRequest) {
    const { status, json, retryAfter } = await exchange({
      ...options,
      timeout: options.timeout ?? defaultTimeout,
      who: 'The runtime',
      url: peerUrl(url, 'invoke'),
      body: throughJson(request),
    });
    if (status === 202 || status === 200) return;
    const { message = '' } = Said.safeParse(json).data ?? {};
    throw new TroupeError(
      status === 401 || status === 403 ? 'auth' : status >= 500 || status === 429 ? 'transient' : 'invalid',
      `The runtime answered ${status}${message === '' ? '' : `: ${message}`}.`,
      { data: { status }, retryAfter },
    );
  },
});

const Said = z.object({ message: z.string() });
