/** Two servers that a leaf node connects, each with JetStream and a journal of one tenant: each stores what is written to the other, and acknowledges it. */
import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { machine } from 'troupe';
import { openRuntime } from '../../../../src/runtime/runtime.ts';
import { natsServer, type NatsServer } from '../../../nats/server.ts';

const bell = machine(
  setup({ types: {} as { events: { type: 'ring' } } }).createMachine({
    id: 'bell',
    initial: 'silent',
    states: { silent: { on: { ring: 'rung' } }, rung: { type: 'final' } },
  }),
);

/** The port on which a server takes leaf nodes. */
async function leafPort({ monitor }: NatsServer): Promise<number> {
  const { leaf } = (await (await fetch(`${monitor}/varz`)).json()) as { readonly leaf: { readonly port: number } };
  return leaf.port;
}

const on = ({ url: servers, stateFolder: folder }: NatsServer, tenant: string) =>
  openRuntime({ nats: { servers, tenant, folder }, env: {} });

test.each([
  ['with domains', ', domain: hub', ', domain: edge', /the domains (hub and edge|edge and hub)/],
  ['without domains', '', '', /Two JetStreams store it/],
])(
  'a journal that the JetStreams of two connected servers store, %s, is refused by the processes of both sides, and one of each side is not',
  async (_, atHub, atEdge, says) => {
    await using hub = await natsServer(
      `server_name: h\njetstream { sync_interval: always${atHub} }\nleafnodes { listen: "127.0.0.1:-1" }`,
    );
    const remote = `nats://127.0.0.1:${await leafPort(hub)}`;
    await using edge = await natsServer(
      `server_name: e\njetstream { sync_interval: always${atEdge} }\nleafnodes { remotes: [{ url: "${remote}" }] }`,
    );
    const leaves = async () =>
      ((await (await fetch(`${hub.monitor}/leafz`)).json()) as { readonly leafnodes: number }).leafnodes;
    await expect.poll(leaves).toBe(1);

    await using alone = await on(hub, 'hub');
    await using apart = await on(edge, 'edge');
    await using here = await on(hub, 'shop');
    await using there = await on(edge, 'shop');
    for (const [n, runtime] of [here, there].entries()) {
      await runtime.start(bell, null, { key: `k${n}` }).catch(() => {});
      await expect
        .poll(() => runtime.journal.lost?.())
        .toMatchObject({ kind: 'environment', message: expect.stringMatching(says) as string });
    }
    for (const runtime of [alone, apart]) {
      const { root } = await runtime.start(bell, null, { key: 'own' });
      await runtime.signal(root, { type: 'ring' });
      expect(runtime.journal.lost?.()).toBeUndefined();
    }
  },
);
