/**
 * Somebody else's tools, over MCP: a source whose connection is opened when first wanted and kept alive.
 *
 * A call waits for the connection, ends in the time allowed, and carries its idempotency key as `_meta["troupe/key"]`. When the server
 * goes away in the middle of it, the call fails with `environment`, and `data.sent` says whether the server may have begun.
 */
import type { Clock } from '../contracts/clock.ts';
import { milliseconds, type Duration } from '../contracts/duration.ts';
import type { EffectKind } from '../contracts/effect.ts';
import { TroupeError, type Failure } from '../contracts/failure.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { ToolInfo, ToolTier } from '../contracts/model.ts';
import type { ToolScope, ToolSource } from '../contracts/tool.ts';
import { admit } from '../tools/admit.ts';
import { withFacts } from '../tools/facts.ts';
import { didYouMean } from '../tools/names.ts';
import { inWords, within } from '../tools/within.ts';
import { dialer, type Protocol } from './dial.ts';
import type { Keep, ServerTool } from './link.ts';
import { parsePlace, whereabouts, type McpPlace } from './place.ts';

export interface McpOptions {
  /** What single tools do to the world, by their own names. Else a tool is `write`, unless its server says that it only reads. */
  readonly effects?: Readonly<Record<string, EffectKind>>;
  /** `read`: nothing this server offers changes the world. */
  readonly trust?: 'read';
  /** Tools that a person must agree to: all, all that write, or these. None unless told otherwise. */
  readonly approval?: boolean | 'writes' | readonly string[];
  readonly tier?: ToolTier;
  /** What single tools can do, for matching with what a task requires. */
  readonly capabilities?: Readonly<Record<string, readonly string[]>>;
  /** An agent may work without it: when it cannot be reached, the others' tools do, and the log says so. */
  readonly optional?: boolean;
  /** For one call, with the wait for the connection: one minute. */
  readonly timeout?: Duration;
  /** For connecting, and for listing: half a minute. */
  readonly connectTimeout?: Duration;
  /** Failures in a row after which the server is given up: five. After that each use is one more try. */
  readonly tries?: number;
  /** `legacy` speaks the revisions with a handshake; `auto` asks for a newer one first. Over stdio asking may end a server. */
  readonly protocol?: Protocol;
}

export interface McpSurroundings {
  readonly clock: Clock;
  readonly keep: Keep;
}

/**
 * @example mcpServer({ name: 'files', command: 'mcp-server-filesystem', args: ['docs'] })
 * @throws TroupeError `definition` when the place or an option cannot be.
 */
export function mcpServer(place: McpPlace, options: McpOptions, { clock, keep }: McpSurroundings): ToolSource {
  const where = parsePlace(place);
  const { name } = where;
  const { protocol = 'command' in where ? 'legacy' : 'auto', tries = 5 } = options;
  const timeout = milliseconds(options.timeout ?? '60s');
  const patience = milliseconds(options.connectTimeout ?? '30s');
  if (!Number.isInteger(tries) || tries < 1) {
    throw new TroupeError(
      'definition',
      `Tool server "${name}": tries must be a whole number from 1; got ${String(tries)}.`,
    );
  }
  const keeper = keep(dialer(where, protocol, clock), { name, clock, tries, patience });
  let problems: readonly Failure[] = [];

  const find = (tool: string): ServerTool => {
    const found = keeper.known.find((known) => known.name === tool);
    if (found) return found;
    const shown = tool.slice(0, 80);
    const names = keeper.known.map((known) => known.name);
    throw new TroupeError('tool', `Tool server "${name}" has no tool "${shown}".${didYouMean(tool, names)}`, {
      data: { server: name, tool: shown },
    });
  };

  return {
    name,
    optional: options.optional ?? false,
    async list(signal) {
      const taken = admit(
        name,
        (await keeper.tools(signal)).map((tool) => infoOf(name, tool, options)),
      );
      problems = taken.problems;
      return taken.tools;
    },
    async call(tool, input, scope) {
      let sent = false;
      const late = () =>
        lateFailure(name, tool, timeout, sent ? undefined : `it is ${keeper.state} at ${whereabouts(where)}`);
      try {
        return await within({ clock: scope.clock, timeout, signal: scope.signal, late }, async (signal) => {
          const link = await keeper.link(signal);
          const inner: ToolScope = {
            key: scope.key,
            clock: scope.clock,
            signal,
            progress: (note) => void (signal.aborted || scope.progress(note)),
          };
          return link.call(find(tool), requireObject(tool, input), inner, () => (sent = true));
        });
      } catch (error) {
        throw withFacts(error, { tool, sent });
      }
    },
    idempotent(tool) {
      const known = keeper.known.find((one) => one.name === tool);
      return known !== undefined && (known.idempotent || effectOf(known, options) !== 'write');
    },
    problems: () => problems,
    onChange: (changed) => keeper.onChange(changed),
    rest: () => keeper.rest(),
    async [Symbol.asyncDispose]() {
      await keeper[Symbol.asyncDispose]();
    },
  };
}

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
  own(effects, name) ?? (readOnly || trust === 'read' ? 'read' : 'write');

/** A tool may be called `toString`. */
const own = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record && Object.hasOwn(record, key) ? record[key] : undefined;

function requireObject(tool: string, input: Json): JsonObject {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as JsonObject;
  throw new TroupeError(
    'invalid',
    `Tool "${tool}" takes an object of named arguments; got ${Array.isArray(input) ? 'an array' : input === null ? 'null' : typeof input}.`,
  );
}

const lateFailure = (server: string, tool: string, timeout: number, why: string | undefined) =>
  new TroupeError(
    'timeout',
    why
      ? `Tool server "${server}" was not reached within ${inWords(timeout)}: ${why}. Look at why it does not connect, then call again.`
      : `Tool "${tool}" of "${server}" did not answer within ${inWords(timeout)}. Ask it for less, or give the server a longer timeout.`,
  );
