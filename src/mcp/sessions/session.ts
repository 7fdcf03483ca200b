/** One session with a tool server: its connection, and the secrets that its messages must not contain. */
import type { AgentTaskServer } from '../../contracts/workflow/agentTask.ts';
import type { ToolInfo } from '../../contracts/model.ts';
import type { ToolSource } from '../../contracts/tool.ts';
import type { Clock } from '../../values/clock.ts';
import type { Duration } from '../../values/duration.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { isSourceName, localSource } from '../../tools/toolNames.ts';
import { parseAddress, type McpAddress } from '../address.ts';
import { connector } from '../connect.ts';
import type { KeepAlive } from '../keepAlive.ts';
import { mcpToolSource, type McpOptions } from '../toolSource.ts';
import { serverConnect, type StreamMemory } from './serverConnect.ts';

/** Everything by which one session differs from another. */
export interface SessionFacts {
  readonly server: AgentTaskServer;
  /** The name and the value of the header that authenticates. */
  readonly header?: readonly [string, string];
  readonly params?: Readonly<Record<string, Json>>;
  /** The names of the parameters that are secret. */
  readonly sealedParams: readonly string[];
}

/** What all sessions share. */
export interface SessionParts {
  readonly clock: Clock;
  readonly keep: KeepAlive;
  readonly secrets: readonly string[];
  readonly trust: McpOptions['trust'];
  readonly timeout: Duration;
  readonly streams: StreamMemory;
}

/** A session. */
export interface ServerSession {
  readonly source: ToolSource;
  /** The tools: a server that may not tell of changes is asked again, when its list is no longer fresh. */
  list(signal: AbortSignal): Promise<readonly ToolInfo[]>;
}

/** A plain server may need ten seconds to not answer the handshake. */
const connectPatience: Duration = '30s';

/** How long a list counts as the present one; milliseconds. */
const freshness = 5_000;

/** A session that is opened when it is first used. */
export function openSession(
  facts: SessionFacts,
  { clock, keep, trust, timeout, streams, ...shared }: SessionParts,
): ServerSession {
  const { server, header, params } = facts;
  const secrets = [...shared.secrets, ...secretsOf(facts)];
  const config = params as JsonObject | undefined; // A record of JSON is a JSON object.
  const address = addressOf(server, header);
  const parsed = parseAddress(address);
  let look: ((signal: AbortSignal) => Promise<void>) | undefined;
  const connect =
    'command' in parsed
      ? connector(parsed, 'legacy', clock, { secrets, ...(config === undefined ? {} : { config }) })
      : serverConnect(parsed, {
          clock,
          config,
          persistentId: server.persistentId,
          secrets,
          streams,
          onPlain: (again) => (look = again),
        });
  const options: McpOptions = {
    timeout,
    connectTimeout: connectPatience,
    tries: 2,
    ...(trust === undefined ? {} : { trust }),
  };
  const source = mcpToolSource(address, options, { clock, keep, connect });
  let listedAt: number | undefined;
  return {
    source,
    async list(signal) {
      // A server that cannot be asked now shows that at the next call.
      if (listedAt !== undefined && clock.now() - listedAt >= freshness) await look?.(signal).catch(() => {});
      const tools = await source.list(signal);
      listedAt = clock.now();
      return tools;
    },
  };
}

function addressOf({ name: given, address }: AgentTaskServer, header: SessionFacts['header']): McpAddress {
  const name = sourceName(given);
  if ('command' in address) return { name, command: address.command, args: [...address.args] };
  const { url, transport } = address;
  return {
    name,
    url,
    ...(transport === undefined ? {} : { transport }),
    ...(header === undefined ? {} : { headers: { [header[0]]: header[1] } }),
  };
}

/** A server file may have any name; the name of a source is short and plain. */
function sourceName(name: string): string {
  if (isSourceName(name) && name !== localSource) return name;
  const plain = name.replace(/[^\w-]+/g, '-').slice(0, 32);
  return isSourceName(plain) && plain !== localSource ? plain : `server-${plain}`.slice(0, 32);
}

/** The credential with and without its scheme, and the secret parameters. */
function secretsOf({ header, params, sealedParams }: SessionFacts): readonly string[] {
  const credential = header ? [header[1], ...header[1].split(/\s+/)] : [];
  const values = sealedParams.map((name) => params?.[name]).filter((value) => value !== undefined && value !== null);
  return [...credential, ...values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))];
}
