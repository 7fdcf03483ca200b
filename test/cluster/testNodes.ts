/** Nodes in the test process on a real server, each with its own runtime and connections. */
import type { NatsConnection } from '@nats-io/transport-node';
import { openCluster } from '../../src/cluster/client.ts';
import { openNode, type RunningNode, type OpenNodeOptions } from '../../src/cluster/node.ts';
import { connectNats } from '../../src/nats/connection.ts';
import { openRuntime, type Runtime, type Runnable } from '../../src/runtime/runtime.ts';
import { systemClock } from '../../src/engine/clock.ts';
import type { NatsServer } from '../nats/server.ts';

export interface TestNode extends AsyncDisposable {
  readonly node: RunningNode;
  readonly runtime: Runtime;
  readonly connection: NatsConnection;
  readonly logLines: string[];
}

export const clock = systemClock();
export const connectCluster = (servers: string, tenant: string) => openCluster({ servers, tenant }, clock);

export async function startNode(
  { url: servers, stateFolder: folder }: NatsServer,
  tenant: string,
  name: string,
  runnables: readonly Runnable[],
  more: Partial<OpenNodeOptions> = {},
  creds?: string,
): Promise<TestNode> {
  const runtime = await openRuntime({
    nats: { servers, folder, tenant, ...(creds === undefined ? {} : { creds }) },
    env: {},
  });
  const connection = await connectNats({ servers, ...(creds === undefined ? {} : { creds }) });
  const logLines: string[] = [];
  const close = async () => {
    await runtime.close();
    await connection.close();
  };
  try {
    const offers = runnables.map((runnable) => ({ name: runnable.name, runnable }));
    const log = (line: string) => logLines.push(line);
    const node = await openNode({ name, runtime, connection, clock, version: '0', offers, tenant, log: log, ...more });
    return {
      node,
      runtime,
      connection,
      logLines,
      async [Symbol.asyncDispose]() {
        await node[Symbol.asyncDispose]();
        await close();
      },
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
