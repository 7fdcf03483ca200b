/** Asks a runtime of another process to work on an agent step. */
import { throughJson } from '../../../values/json.ts';
import type { InvokeRequest } from '../contracts/runtimeRequest.ts';
import type { RuntimeService } from '../runtime.ts';
import { exchange, type ClientOptions } from './exchange.ts';
import { peerUrl } from './peerUrl.ts';
import { refusedAnswer } from './refusedAnswer.ts';

/** Milliseconds: a runtime only takes the work. */
const defaultTimeout = 10_000;

/**
 * A runtime at a URL. `invoke` rejects with `invalid` when it refuses the request, `auth` without the right token, and `transient` or `timeout`
 * when it cannot be reached: the same dispatch may be sent again.
 */
export const runtimeClient = (url: string, options: ClientOptions = {}): RuntimeService => ({
  async invoke(request: InvokeRequest) {
    const answer = await exchange({
      ...options,
      timeout: options.timeout ?? defaultTimeout,
      who: 'The runtime',
      url: peerUrl(url, 'invoke'),
      body: throughJson(request),
    });
    if (answer.status < 200 || answer.status >= 300) throw refusedAnswer('The runtime', 'POST /invoke', answer);
  },
});
