/**
 * Keeps the connection to a tool server alive by running its machine live: the connection belongs to this process and is not durable.
 * The machine decides; this file holds what a machine cannot hold: the open connection, and the callers that wait for it.
 */
import { createActor, fromPromise, type SnapshotFrom } from 'xstate';
import type { Clock } from '../src/values/clock.ts';
import { contain } from '../src/values/contain.ts';
import { fromFailure, toFailure, TroupeError, type Failure } from '../src/values/failure.ts';
import type { Json } from '../src/values/json.ts';
import type { Connect, KeptConnection, KeepAliveOptions, McpConnection, ToolList } from '../src/mcp/keepAlive.ts';
import { asJson } from '../src/values/json.ts';
import { toolServerMachine, type Listed } from '../machines/toolServer.ts';

type Snapshot = SnapshotFrom<typeof toolServerMachine>;

/** Connects at the first call. Disposing it ends the server. */
export function toolServer(
  openConnection: Connect,
  { name, clock, tries, patience }: KeepAliveOptions,
): KeptConnection {
  const listeners = new Set<() => void>();
  const closing = new Set<Promise<unknown>>();
  let connection: McpConnection | undefined;
  let lost: Failure | undefined;
  let known: ToolList | undefined;
  /** The first line of the present process that is no message: a server that is never heard of may have printed why. */
  let unreadable: string | undefined;
  let actor: ReturnType<typeof start> | undefined;
  let disposed = false;

  const tracked = <T>(work: Promise<T>): Promise<T> => {
    const settled = work
      .then(
        () => {},
        () => {},
      )
      .finally(() => closing.delete(settled));
    closing.add(settled);
    return work;
  };
  const close = (old: McpConnection) => {
    if (connection === old) connection = undefined;
    void tracked(Promise.resolve(old[Symbol.asyncDispose]())).catch(() => {});
  };

  async function connect(signal: AbortSignal): Promise<Listed> {
    lost = undefined;
    unreadable = undefined;
    let opened: McpConnection | undefined;
    try {
      opened = await openConnection(signal, {
        changed: () => actor?.send({ type: 'toolServer.changed' }),
        unreadable: (line) => void (unreadable ??= line),
        lost(failure) {
          if (opened !== connection) return;
          lost = failure;
          actor?.send({ type: 'toolServer.lost', failure });
        },
      });
      signal.throwIfAborted();
      connection = opened;
      const listed = await list(opened, signal);
      signal.throwIfAborted();
      return listed;
    } catch (error) {
      // The machine does not know this connection, so it must be closed here.
      if (opened) close(opened);
      throw error;
    }
  }

  const machine = toolServerMachine.provide({
    actors: {
      connect: fromPromise(({ signal }) => tracked(asFailure(connect(signal)))),
      list: fromPromise(({ signal }) => asFailure(connection ? list(connection, signal) : Promise.reject(gone(name)))),
    },
    actions: { disconnect: () => connection && close(connection) },
  });

  function start() {
    const jitter = Array.from({ length: tries + 1 }, () => clock.random());
    const started = createActor(machine, { input: { name, tries, patience, jitter }, clock: liveClock(clock) });
    let tools: Json | undefined;
    let wasFailed = false;
    started.subscribe((snapshot) => {
      // The connection was lost between the answer and the machine's step.
      if (snapshot.matches('connected') && lost) started.send({ type: 'toolServer.lost', failure: lost });
      const failed = snapshot.matches('failed');
      const another = snapshot.matches('connected') && !same(tools, snapshot.context.tools);
      const first = tools === undefined;
      if (another) {
        tools = snapshot.context.tools;
        const listed: unknown = tools;
        // `list` below put them there.
        known = listed as ToolList;
      }
      if ((another && !first) || (failed && !wasFailed && !first))
        for (const changed of listeners) contain('A change of tools', changed);
      wasFailed = failed;
    });
    return started;
  }

  /** Resolves when the snapshot is as wanted; rejects when the server is given up, or the caller stops waiting. */
  function waitUntil(wanted: (snapshot: Snapshot) => boolean, signal: AbortSignal): Promise<void> {
    if (disposed) return Promise.reject(gone(name));
    if (!actor) (actor = start()).start();
    else if (actor.getSnapshot().matches('failed')) actor.send({ type: 'toolServer.retry' });
    const running = actor;

    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        signal.removeEventListener('abort', onAbort);
        subscription?.unsubscribe();
        settle();
      };
      const onAbort = () => end(() => reject(stopped(signal)));
      const settleIf = (snapshot: Snapshot): boolean => {
        if (wanted(snapshot)) end(resolve);
        else if (snapshot.matches('failed')) end(() => reject(lastFailure(snapshot, unreadable)));
        else if (snapshot.status !== 'active') end(() => reject(gone(name)));
        else return false;
        return true;
      };
      let subscription: { unsubscribe(): void } | undefined;
      if (signal.aborted) return onAbort();
      if (settleIf(running.getSnapshot())) return;
      signal.addEventListener('abort', onAbort, { once: true });
      subscription = running.subscribe({ next: settleIf, complete: () => settleIf(running.getSnapshot()) });
    });
  }

  async function rest(): Promise<void> {
    actor?.send({ type: 'toolServer.stop' });
    actor = undefined;
    while (closing.size > 0) await Promise.all(closing);
  }

  return {
    async connection(signal) {
      await waitUntil((snapshot) => snapshot.matches('connected') && connection !== undefined, signal);
      if (!connection) throw gone(name);
      return connection;
    },
    async tools(signal) {
      await waitUntil((snapshot) => snapshot.matches({ connected: 'ready' }), signal);
      return known ?? nothing;
    },
    get known() {
      return (known ?? nothing).tools;
    },
    get state() {
      return actor ? stateOf(actor.getSnapshot()) : 'idle';
    },
    onChange(changed) {
      const listener = () => changed();
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    rest,
    async [Symbol.asyncDispose]() {
      disposed = true;
      listeners.clear();
      await rest();
    },
  };
}

const nothing: ToolList = { tools: [], problems: [] };

const list = async (connection: McpConnection, signal: AbortSignal): Promise<Listed> => ({
  tools: asJson(await connection.list(signal)),
});
const same = (a: Json | undefined, b: Json) => a === b || JSON.stringify(a) === JSON.stringify(b);
const stateOf = ({ value }: Snapshot): string => (typeof value === 'string' ? value : Object.values(value).join('.'));

/** The failure of a connection that was given up; of a server that was not heard of with what it wrote instead of a message. */
function lastFailure({ context: { failure, name } }: Snapshot, unreadable: string | undefined): TroupeError {
  if (!failure) return gone(name);
  const wrote =
    unreadable === undefined || failure.message.includes('not MCP messages')
      ? ''
      : ` It wrote a line that is no MCP message: ${JSON.stringify(unreadable)}. Logs belong on stderr.`;
  return fromFailure({ ...failure, message: failure.message + wrote });
}

/** What a machine keeps must be data, so errors are passed to it as failures. */
const asFailure = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw toFailure(error);
  });

const gone = (name: string) =>
  new TroupeError('environment', `Tool server "${name}" was closed. Open it again to call its tools.`, {
    retryable: false,
    data: { server: name, gone: true },
  });

const stopped = (signal: AbortSignal) =>
  signal.reason instanceof TroupeError
    ? signal.reason
    : new TroupeError('cancelled', 'Stopped while waiting for a tool server.', { cause: signal.reason });

/** The clock as XState wants it. */
const liveClock = (clock: Clock) => ({
  setTimeout: (call: (...args: unknown[]) => void, ms: number) => clock.wake(clock.now() + ms, () => call()),
  clearTimeout: (timer: Disposable | undefined) => timer?.[Symbol.dispose](),
});
