/** Nodes in one process on a real server, each with a runtime and connections of its own. */
import type { NatsConnection } from '@nats-io/transport-node';
import { openCluster } from '../../src/cluster/client.ts';
import { openNode, type Node, type NodeOptions } from '../../src/cluster/node.ts';
import { dial } from '../../src/nats/connection.ts';
import { openRuntime, type Runtime, type Subject } from '../../src/runtime/runtime.ts';
import { systemClock } from '../../src/engine/clock.ts';
import type { NatsServer } from '../nats/server.ts';

export interface Member extends AsyncDisposable {
  readonly node: Node;
  readonly runtime: Runtime;
  readonly connection: NatsConnection;
  readonly said: string[];
}

export const clock = systemClock();
export const cluster = (servers: string, tenant: string) => openCluster({ servers, tenant }, clock);

export async function member(
  { url: servers, views: folder }: NatsServer,
  tenant: string,
  name: string,
  subjects: readonly Subject[],
  more: Partial<NodeOptions> = {},
): Promise<Member> {
  const runtime = await openRuntime({ nats: { servers, folder, tenant }, env: {} });
  const connection = await dial({ servers });
  const said: string[] = [];
  const close = async () => {
    await runtime.close();
    await connection.close();
  };
  try {
    const offers = subjects.map((subject) => ({ name: subject.name, subject, of: () => subject }));
    const say = (line: string) => said.push(line);
    const node = await openNode({ name, runtime, connection, clock, version: '0', offers, tenant, say, ...more });
    return {
      node,
      runtime,
      connection,
      said,
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
