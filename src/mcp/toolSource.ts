/**
 * The tools of an MCP server as a source. Its connection is opened when it is first needed, and kept alive.
 *
 * A call waits for the connection, ends within its timeout, and carries its idempotency key as `_meta["troupe/key"]`. When the server
 * ends during a call, the call fails with `environment`, and `data.sent` says whether the server may have begun.
 */
import type { Clock } from '../values/clock.ts';
import { milliseconds, type Duration } from '../values/duration.ts';
import type { EffectKind } from '../contracts/effect.ts';
import { toFailure, TroupeError, type Failure } from '../values/failure.ts';
import type { Json, JsonObject } from '../values/json.ts';
import type { ToolInfo, ToolTier } from '../contracts/model.ts';
import type { ToolScope, ToolSource } from '../contracts/tool.ts';
import { sanitizeTools } from '../tools/sanitize.ts';
import { annotate } from '../tools/annotations.ts';
import { didYouMean } from '../tools/toolNames.ts';
import { formatMs, withTimeout } from '../tools/timeout.ts';
import type { McpProtocol } from './connect.ts';
import { isRefusal, isSessionRefused } from './certainty.ts';
import type { Connect, KeepAlive, ServerTool } from './keepAlive.ts';
import { parseAddress, redactedAddress, type McpAddress } from './address.ts';
import { cutText } from '../values/text.ts';

/** How an MCP server is used. */
export interface McpOptions {
  /** The effect of single tools, by their names on the server. By default every tool is a `write`: see `trust`. */
  readonly effects?: Readonly<Record<string, EffectKind>>;
  /**
   * What is believed of a server. `hints`: a tool that its server declares read-only is a `read`, and one that it declares idempotent may be repeated.
   * `read`: no tool of this server has the effect `write`. By default nothing is believed: a server could declare a write to be read-only, and it would be
   * performed without the approval that you asked for.
   */
  readonly trust?: 'hints' | 'read';
  /** Tools whose calls a person must agree to: all (true), those with the effect `write`, or those named; none by default. */
  readonly approval?: boolean | 'writes' | readonly string[];
  /** The tier of its tools; `core` by default. */
  readonly tier?: ToolTier;
  /** Capabilities of single tools, matched with what a task requires; none by default. */
  readonly capabilities?: Readonly<Record<string, readonly string[]>>;
  /** True when an agent may work without this server while it cannot be reached; false by default. */
  readonly optional?: boolean;
  /** How long one call may take, with the wait for the connection, as a duration or in milliseconds; one minute by default. */
  readonly timeout?: Duration;
  /** How long connecting and listing may take, as a duration or in milliseconds; 20 seconds by default. A server that does not answer twice in a row is given up. */
  readonly connectTimeout?: Duration;
  /** How many failures in a row end the attempts to connect; 5 by default. After that each use is one more attempt. */
  readonly tries?: number;
  /** `legacy`: the revisions with a handshake; `auto`: asks for a newer revision first, which may end a server over stdio. `legacy` for programs and `auto` for URLs by default. */
  readonly protocol?: McpProtocol;
}

/** What a source needs of the runtime. */
export interface McpDependencies {
  /** Time, timers and ids. */
  readonly clock: Clock;
  /** Keeps its connection alive. */
  readonly keep: KeepAlive;
  /** How it is connected to; with the client library by default. */
  readonly connect?: Connect;
}

/**
 * A source of tools: those of one server.
 * @example mcpServer({ name: 'files', command: 'mcp-server-filesystem', args: ['docs'] })
 * @throws TroupeError `definition` when the address or an option cannot be used.
 */
export function mcpToolSource(
  given: McpAddress,
  options: McpOptions,
  { clock, keep, connect }: McpDependencies,
): ToolSource {
  const address = parseAddress(given);
  const { name } = address;
  const { protocol = 'command' in address ? 'legacy' : 'auto', tries = 5 } = options;
  const timeout = milliseconds(options.timeout ?? '60s');
  const patience = milliseconds(options.connectTimeout ?? '20s');
  if (!Number.isInteger(tries) || tries < 1) {
    throw new TroupeError(
      'definition',
      `Tool server "${name}": tries must be a whole number from 1; got ${String(tries)}.`,
    );
  }
  const kept = keep(connect ?? ownConnect, { name, clock, tries, patience });
  let problems: readonly Failure[] = [];
  let connecting: Promise<Connect> | undefined;
  /** Loaded when it is first needed, as the client library is. */
  async function ownConnect(...given: Parameters<Connect>): ReturnType<Connect> {
    connecting ??= import('./connect.ts').then(({ connector }) => connector(address, protocol, clock));
    return (await connecting)(...given);
  }

  const find = (tool: string): ServerTool => {
    const found = kept.known.find((known) => known.name === tool);
    if (found) return found;
    const shown = cutText(tool, 80);
    const names = kept.known.map((known) => known.name);
    throw new TroupeError('tool', `Tool server "${name}" has no tool "${shown}".${didYouMean(tool, names)}`, {
      data: { server: name, tool: shown },
    });
  };

  return {
    name,
    optional: options.optional ?? false,
    async list(signal) {
      const list = await kept.tools(signal);
      const taken = sanitizeTools(
        name,
        list.tools.map((tool) => infoOf(name, tool, options)),
      );
      problems = [...list.problems.map((problem) => listProblem(name, problem)), ...taken.problems];
      return taken.tools;
    },
    async call(tool, input, scope) {
      let sent = false;
      const late = () =>
        lateFailure(name, tool, timeout, sent ? undefined : `it is ${kept.state} at ${redactedAddress(address)}`);
      try {
        return await withTimeout({ clock: scope.clock, timeout, signal: scope.signal, late }, async (signal) => {
          const inner: ToolScope = {
            key: scope.key,
            clock: scope.clock,
            signal,
            progress: (note) => void (signal.aborted || scope.progress(note)),
          };
          const call = async () => {
            const connection = await kept.connection(signal);
            return connection.call(find(tool), requireObject(tool, input), inner, () => (sent = true));
          };
          return await call().catch((error: unknown) => {
            if (!isSessionRefused(error)) throw error;
            // The server did not take the call, and gives a new session to whoever connects again: what follows is the first time that it is made.
            sent = false;
            return call();
          });
        });
      } catch (error) {
        throw annotate(error, { tool, sent: sent && !isRefusal(error) });
      }
    },
    idempotent(tool) {
      const known = kept.known.find((one) => one.name === tool);
      const believed = options.trust === 'hints' && known?.idempotent === true;
      return known !== undefined && (believed || effectOf(known, options) !== 'write');
    },
    problems: () => problems,
    onChange: (changed) => kept.onChange(changed),
    closeIdle: () => kept.rest(),
    async [Symbol.asyncDispose]() {
      await kept[Symbol.asyncDispose]();
    },
  };
}

const listProblem = (server: string, problem: string): Failure =>
  toFailure(new TroupeError('tool', `Tool server "${server}": ${problem}.`, { data: { server } }));

function infoOf(source: string, tool: ServerTool, options: McpOptions): ToolInfo {
  const { name, description, input } = tool;
  const { approval = false, tier = 'core', capabilities } = options;
  const effect = effectOf(tool, options);
  return {
    name,
    description,
    input,
    effect,
    tier,
    capabilities: own(capabilities, name) ?? [],
    approval:
      typeof approval === 'boolean' ? approval : approval === 'writes' ? effect === 'write' : approval.includes(name),
    source,
  };
}

const effectOf = ({ name, readOnly }: ServerTool, { effects, trust }: McpOptions): EffectKind =>
  own(effects, name) ?? ((readOnly && trust === 'hints') || trust === 'read' ? 'read' : 'write');

/** The record's own property: a tool may have the name `toString`. */
const own = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record && Object.hasOwn(record, key) ? record[key] : undefined;

const isObject = (input: Json): input is JsonObject =>
  typeof input === 'object' && input !== null && !Array.isArray(input);

function requireObject(tool: string, input: Json): JsonObject {
  if (isObject(input)) return input;
  throw new TroupeError(
    'invalid',
    `Tool "${tool}" takes an object of named arguments; got ${Array.isArray(input) ? 'an array' : input === null ? 'null' : typeof input}.`,
  );
}

const lateFailure = (server: string, tool: string, timeout: number, why: string | undefined) =>
  new TroupeError(
    'timeout',
    why
      ? `Tool server "${server}" was not reached within ${formatMs(timeout)}: ${why}. Look at why it does not connect, then call again.`
      : `Tool "${tool}" of "${server}" did not answer within ${formatMs(timeout)}. Ask it for less, or give the server a longer timeout.`,
  );
