/**
 * Sessions with the tool servers of agent tasks. Tasks that name the same server with the same credential and the same parameters share a session.
 *
 * TS1 Two credentials never share a session, also at the same address.
 * TS2 A session that nobody uses is closed, and opened again when it is used.
 * TS3 No message contains a credential or a secret parameter of a session.
 */
import type { AgentTaskServer } from '../../contracts/workflow/agentTask.ts';
import type { ToolInfo } from '../../contracts/model.ts';
import type { ToolSource } from '../../contracts/tool.ts';
import type { Clock } from '../../values/clock.ts';
import { contain } from '../../values/contain.ts';
import { milliseconds, type Duration } from '../../values/duration.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import type { KeepAlive } from '../keepAlive.ts';
import type { McpOptions } from '../toolSource.ts';
import { streamMemory } from './serverConnect.ts';
import { openSession, type ServerSession, type SessionFacts } from './session.ts';

/** How sessions are kept. */
export interface ServerSessionsOptions {
  /** Time and timers. */
  readonly clock: Clock;
  /** Keeps a connection alive. */
  readonly keep: KeepAlive;
  /** Texts that no message may contain, beside the credentials and parameters of sessions; none by default. */
  readonly secrets?: readonly string[];
  /** How long a session is kept that nobody uses, as a duration or in milliseconds; one minute by default. */
  readonly idle?: Duration;
  /** How long one call may take; one minute by default. */
  readonly timeout?: Duration;
  /** What is believed of what servers say of their tools; nothing by default, so every tool is a `write`. */
  readonly trust?: McpOptions['trust'];
}

/** The secrets of a server, as they are sent. */
export interface UnsealedServer {
  /** The whole value of the header that authenticates. */
  readonly auth?: string;
  /** Values in place of the sealed parameters. */
  readonly params?: Readonly<Record<string, Json>>;
}

/** The sessions of one process. Disposing closes all of them. */
export interface ServerSessions extends AsyncDisposable {
  /** The tools of a server. Nothing is connected until they are listed or called; closing the source leaves the session to others that use it. */
  tools(server: AgentTaskServer, unsealed?: UnsealedServer): ToolSource;
  /** How many sessions are kept. */
  readonly open: number;
}

interface Kept {
  readonly session: ServerSession;
  /** How many lists and calls are under way. */
  uses: number;
  timer?: Disposable;
}

/** Keeps sessions with tool servers. */
export function serverSessions(options: ServerSessionsOptions): ServerSessions {
  const { clock, keep, secrets = [], trust } = options;
  const idle = milliseconds(options.idle ?? '60s');
  const sessions = new Map<string, Kept>();
  const closing = new Set<Promise<unknown>>();
  const streams = streamMemory();
  let disposed = false;

  function close(key: string, { session }: Kept): void {
    sessions.delete(key);
    const closed: Promise<unknown> = session.source[Symbol.asyncDispose]()
      .catch(() => {})
      .finally(() => closing.delete(closed));
    closing.add(closed);
  }

  /** Runs work with the session of these facts, which is opened if there is none. */
  async function using<T>(facts: SessionFacts, work: (session: ServerSession) => Promise<T>): Promise<T> {
    if (disposed)
      throw new TroupeError('environment', `Tool server "${facts.server.name}" was closed with all sessions.`, {
        data: { gone: true },
      });
    const key = keyOf(facts);
    const kept: Kept = sessions.get(key) ?? {
      uses: 0,
      session: openSession(facts, { clock, keep, secrets, trust, streams, timeout: options.timeout ?? '60s' }),
    };
    sessions.set(key, kept);
    kept.uses++;
    kept.timer?.[Symbol.dispose]();
    try {
      return await work(kept.session);
    } finally {
      kept.uses--;
      if (kept.uses === 0 && sessions.get(key) === kept)
        kept.timer = clock.wake(clock.now() + idle, () => kept.uses === 0 && close(key, kept));
    }
  }

  return {
    get open() {
      return sessions.size;
    },
    tools: (server, unsealed = {}) => {
      const facts = factsOf(server, unsealed);
      const known = () => sessions.get(keyOf(facts))?.session.source;
      const listeners = new Set<() => void>();
      let watched: ServerSession | undefined;
      let last: readonly ToolInfo[] = [];
      /** A session that was opened anew is not yet watched. */
      const watch = (session: ServerSession): ServerSession => {
        if (watched !== session)
          session.source.onChange(() => {
            for (const changed of listeners) contain(`A change of the tools of "${server.name}"`, changed);
          });
        watched = session;
        return session;
      };
      return {
        name: server.name,
        list: (signal) => using(facts, async (session) => (last = await watch(session).list(signal))),
        call: (tool, input, scope) => using(facts, (session) => watch(session).source.call(tool, input, scope)),
        idempotent: (tool) =>
          known()?.idempotent(tool) ?? last.some(({ name, effect }) => name === tool && effect !== 'write'),
        problems: () => known()?.problems?.() ?? [],
        onChange(changed) {
          const listener = () => changed();
          listeners.add(listener);
          return { [Symbol.dispose]: () => void listeners.delete(listener) };
        },
        // The session is closed when nobody has used it for a while.
        async closeIdle() {},
        async [Symbol.asyncDispose]() {
          listeners.clear();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      for (const [key, kept] of sessions) {
        kept.timer?.[Symbol.dispose]();
        close(key, kept);
      }
      while (closing.size > 0) await Promise.all(closing);
    },
  };
}

/** The server with its secrets in place. Throws `invalid` when one is missing. */
function factsOf(server: AgentTaskServer, { auth, params: given }: UnsealedServer): SessionFacts {
  const value = auth ?? server.auth?.value;
  if (server.auth && (value === undefined || value === null))
    throw new TroupeError(
      'invalid',
      `The credential of tool server "${server.name}" is sealed; it must be unsealed first.`,
    );
  const params = { ...server.params, ...given };
  const sealedParams = Object.entries(server.params ?? {}).flatMap(([name, each]) => (each === null ? [name] : []));
  const missing = sealedParams.find((name) => given?.[name] === undefined);
  if (missing !== undefined)
    throw new TroupeError(
      'invalid',
      `The parameter "${missing}" of tool server "${server.name}" is sealed; it must be unsealed first.`,
    );
  return {
    server,
    ...(server.auth && value ? { header: [server.auth.header, value] as const } : {}),
    ...(Object.keys(params).length > 0 ? { params } : {}),
    sealedParams,
  };
}

const keyOf = ({ server: { name, address, persistentId }, header, params }: SessionFacts): string =>
  JSON.stringify([name, address, header ?? null, sorted(params), persistentId ?? null]);

const sorted = (params: SessionFacts['params']) =>
  Object.entries(params ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
