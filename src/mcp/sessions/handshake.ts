/** The handshake of the older transport: a stream is opened at `<base>/sse`, and its first event names the address for messages. */
import type { Clock } from '../../values/clock.ts';
import { eventStream, type ServerEvent } from './eventStream.ts';
import { mayFollow } from './mayFollow.ts';

/** How long a server has to name the address; milliseconds. */
const endpointPatience = 10_000;

/** What came of a handshake. */
export type Handshake =
  | {
      readonly is: 'open';
      /** The address for messages. */
      readonly target: URL;
      /** The events after the first one. */
      readonly events: AsyncGenerator<ServerEvent>;
      close(): void;
    }
  /** The server has no such stream, and need not be asked again. */
  | { readonly is: 'none' }
  /** It cannot be told now: it could not be reached, or refused the credential. */
  | { readonly is: 'failed'; readonly error: unknown };

/** How a handshake is made. */
export interface HandshakeOptions {
  readonly base: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Names a session that the server keeps; none by default. */
  readonly persistentId?: string | undefined;
  readonly clock: Clock;
  readonly send: (to: URL, init: RequestInit) => Promise<Response>;
}

/** Opens the stream. Rejects only when the signal fires. */
export async function handshake(
  { base, headers, persistentId, clock, send }: HandshakeOptions,
  signal: AbortSignal,
): Promise<Handshake> {
  const stop = new AbortController();
  const close = () => stop.abort();
  signal.addEventListener('abort', close, { once: true });
  let late = false;
  const timer = clock.wake(clock.now() + endpointPatience, () => {
    late = true;
    close();
  });
  try {
    const url = streamUrl(base, persistentId);
    const response = await send(url, { headers: { ...headers, accept: 'text/event-stream' }, signal: stop.signal });
    const isStream = /^text\/event-stream\b/i.test(response.headers.get('content-type') ?? '');
    if (response.status !== 200 || !response.body || !isStream) {
      close();
      // A server that is busy or refuses the credential may have a stream for all that.
      return [401, 403, 429].includes(response.status) || response.status >= 500
        ? {
            is: 'failed',
            error: Object.assign(new Error(`status ${response.status}`), { data: { status: response.status } }),
          }
        : { is: 'none' };
    }
    const events = eventStream(response.body);
    for (;;) {
      const { value, done } = await events.next();
      if (done) return { is: 'none' };
      const target = endpointIn(value, url);
      if (target === undefined) continue;
      if (mayFollow(base, target)) return { is: 'open', target, events, close };
      close();
      return { is: 'failed', error: new Error(`it names an address for messages at another host: ${target.host}`) };
    }
  } catch (error) {
    close();
    if (signal.aborted) throw error;
    return late ? { is: 'none' } : { is: 'failed', error };
  } finally {
    timer[Symbol.dispose]();
    signal.removeEventListener('abort', close);
  }
}

/** `<base>/sse`; a base that ends so is taken as it is. */
function streamUrl(base: URL, persistentId: string | undefined): URL {
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/sse') ? path : `${path}/sse`;
  if (persistentId !== undefined) url.searchParams.set('persistentId', persistentId);
  return url;
}

/** The address in an event: of the type `endpoint`, or a bare one that is an address. */
function endpointIn({ type, data }: ServerEvent, base: URL): URL | undefined {
  const text = data.trim();
  if (type !== 'endpoint' && !/^https?:/i.test(text)) return undefined;
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}
