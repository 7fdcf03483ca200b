/** Asks a component of another process how it is. */
import type { HealthProbe } from '../health.ts';
import { exchange, type ClientOptions } from './exchange.ts';
import { peerUrl } from './peerUrl.ts';
import { isWebUrl } from './webUrl.ts';

/** The probe of the component at a URL: `GET /health`. */
export const peerProbe =
  (url: string, options: ClientOptions = {}): HealthProbe =>
  async (signal) => {
    if (!isWebUrl(url)) return 'error';
    try {
      const { status } = await exchange({
        ...options,
        timeout: options.timeout ?? 2_000,
        who: 'The component',
        url: peerUrl(url, 'health'),
        signal,
      });
      return status === 200 ? 'ok' : 'unhealthy';
    } catch {
      return 'down';
    }
  };
