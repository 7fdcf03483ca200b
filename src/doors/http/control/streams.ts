/** Answers that come in parts: lines as server-sent events, which a client can take up again where it lost them, and bytes. */
import type { LogEntry } from '../../../contracts/client/execution.ts';
import type { Clock } from '../../../values/clock.ts';
import type { Json } from '../../../values/json.ts';
import { toFailure } from '../../../values/failure.ts';

/** Where the lines of a stream come from, and what ends it. */
export interface LineEventsOptions {
  readonly lines: AsyncIterable<LogEntry>;
  /** Called when nobody reads any longer: the lines end. */
  readonly stop: () => void;
  /** What is told at the end of the run. */
  readonly end: () => Promise<Json>;
  /** Fires when the server is about to close. The client then asks again. */
  readonly draining: AbortSignal;
  readonly clock: Clock;
}

/** Milliseconds of silence after which a comment is sent, so that nothing on the way takes the connection for dead. */
const keepAlive = 15_000;

/**
 * Lines as events. Each has the `seq` of its line as its id, by which `Last-Event-ID` goes on. The last event is `end`, or `failure` with what went wrong;
 * a stream without one was cut off.
 */
export function lineEvents({ lines, stop, end, draining, clock }: LineEventsOptions): ReadableStream<Uint8Array> {
  const iterator = lines[Symbol.asyncIterator]();
  const drained = new Promise<'drained'>((resolve) => {
    if (draining.aborted) resolve('drained');
    else draining.addEventListener('abort', () => resolve('drained'), { once: true });
  });
  let next: Promise<IteratorResult<LogEntry>> | undefined;
  return new ReadableStream({
    start: (controller) => controller.enqueue(bytesOf('retry: 1000\n\n')),
    async pull(controller) {
      try {
        const came = await within(clock, Promise.race([(next ??= iterator.next()), drained]));
        if (came === 'silence') return controller.enqueue(bytesOf(': waiting\n\n'));
        if (came === 'drained') return (stop(), controller.close());
        next = undefined;
        if (!came.done) return controller.enqueue(event('line', asData(came.value), came.value.seq));
        controller.enqueue(event('end', await end()));
      } catch (thrown) {
        const { kind, message, retryable } = toFailure(thrown);
        controller.enqueue(event('failure', { kind, message, retryable }));
      }
      controller.close();
    },
    cancel: stop,
  });
}

/** What comes, or `silence` after a while. */
function within<T>(clock: Clock, coming: Promise<T>): Promise<T | 'silence'> {
  return new Promise((resolve, reject) => {
    const timer = clock.wake(clock.now() + keepAlive, () => resolve('silence'));
    coming.then(resolve, reject).finally(() => timer[Symbol.dispose]());
  });
}

const event = (name: string, data: Json, id?: number): Uint8Array =>
  bytesOf(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);

/** A line is JSON; its optional fields are left out where they are undefined. */
const asData = (line: LogEntry): Json => ({ ...line }) as Json;

const encoder = new TextEncoder();
const bytesOf = (text: string) => encoder.encode(text);

/** Bytes as a stream. Rejects with what the source throws before its first bytes: nothing has been answered by then. */
export async function byteStream(source: AsyncIterable<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const iterator = source[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Uint8Array>> | undefined = iterator.next();
  await next;
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await (next ?? iterator.next());
      next = undefined;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}
