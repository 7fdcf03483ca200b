/**
 * Holds requests back while the connection is lost, and until the server that answers next was found to be the same in no older state. A request that the
 * client kept until then would reach a server that was restored from a backup, and could begin a run a second time.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { watchCredentials } from '../../../nats/refusedCredentials.ts';
import { watchStatus } from '../../../nats/subscribe.ts';
import { sleep, type Clock } from '../../../values/clock.ts';
import { reasonOf } from '../../../values/cause.ts';
import { TroupeError } from '../../../values/failure.ts';

/** Lets requests pass. */
export interface Gate extends Disposable {
  /** Undefined while requests may be sent at once; else resolves when they may. Rejects with `storage` after five seconds, and with the refusal for good when the server is another one. */
  ready(): Promise<void> | undefined;
  /** That refusal; undefined while there is none. */
  refusal(): TroupeError | undefined;
}

/** Milliseconds that a request waits. */
const patience = 5_000;
/** Milliseconds between two checks of a server that does not answer yet. */
const pause = 250;

/** `check` looks at the server after each reconnection, and rejects with what is not `retryable` when it may not be used any more. `onReconnect` is called before. */
export function connectionGate(
  connection: NatsConnection,
  clock: Clock,
  { check, onReconnect }: { readonly check: () => Promise<void>; readonly onReconnect: () => void },
): Gate {
  let refusal: TroupeError | undefined;
  let closed: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  let checking = new AbortController();
  /** Why a server that answers again cannot be used yet. */
  let unusable: string | undefined;

  function close(): void {
    if (closed) return;
    let open = () => {};
    const opened = new Promise<void>((resolve) => (open = resolve));
    closed = { opened, open };
  }
  function open(): void {
    closed?.open();
    closed = undefined;
  }
  /** Ends when the server is known to be the same or another one, or the connection is lost again. */
  async function checkUntilKnown({ signal }: AbortController): Promise<void> {
    while (!signal.aborted) {
      try {
        await check();
        if (!signal.aborted) open();
        return;
      } catch (thrown) {
        if (thrown instanceof TroupeError && !thrown.retryable) {
          refusal = thrown;
          return open();
        }
        if (!signal.aborted) unusable = reasonOf(thrown);
        await sleep(clock, pause, signal).catch(() => {});
      }
    }
  }
  const credentials = watchCredentials(connection);
  const watching = watchStatus(connection, ({ type }) => {
    if (type !== 'disconnect' && type !== 'reconnect') return;
    close();
    checking.abort();
    unusable = undefined;
    if (type === 'disconnect') return;
    onReconnect();
    checking = new AbortController();
    void checkUntilKnown(checking);
  });

  const wait = async (opened: Promise<void>) => {
    const over = new AbortController();
    const late = sleep(clock, patience, over.signal).then(
      () => Promise.reject(unanswered(credentials.refusal, unusable)),
      () => {},
    );
    await Promise.race([opened, late]).finally(() => over.abort());
    if (refusal) throw refusal;
  };
  return {
    ready() {
      if (refusal) return Promise.reject(refusal);
      return closed && wait(closed.opened);
    },
    refusal: () => refusal,
    [Symbol.dispose]() {
      checking.abort();
      watching[Symbol.dispose]();
      credentials[Symbol.dispose]();
      open();
    },
  };
}

function unanswered(refusal: string | undefined, unusable: string | undefined): TroupeError {
  if (refusal !== undefined)
    return new TroupeError('storage', `The connection to the NATS server is lost: ${refusal}.`);
  return new TroupeError(
    'storage',
    unusable === undefined
      ? 'The connection to the NATS server is lost. It is tried again without end.'
      : `The NATS server is connected again, and does not say yet how far the shared journal goes (${unusable}). It is asked again without end.`,
  );
}
