/** Where the suite of the client runs: over the runtime that has the runs, and over the journal alone, from another process, over HTTP, and over NATS. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { troupeClient, type DefinitionResolver, type TroupeClient } from '../../src/client/index.ts';
import { serveControl } from '../../src/cluster/control/service.ts';
import { httpDoor } from '../../src/doors/http/base/door.ts';
import { controlRoutes } from '../../src/doors/http/control/routes.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { openRuntime, TroupeError, type Runtime } from '../../src/index.ts';
import type { NatsServer } from '../nats/server.ts';
import { flowsOver, type Outside } from './flows.ts';

/** A client, and the process that has the runs. */
export interface ClientWorld extends AsyncDisposable {
  readonly client: TroupeClient;
  readonly outside: Outside;
  /** It may not do what is for administrators. */
  readonly isNoAdmin?: true;
  /** Starts a run in the process that has the runs, and waits until it has ended or waits for people. */
  begin(name: string, input?: unknown, key?: string): Promise<string>;
  /** A client of the same file that knows no definitions: it stores what runs are told. */
  teller(): Promise<TroupeClient>;
  /** Ends the process that has the runs, without any of them being lost. */
  endProcess(): Promise<void>;
}

/** Makes a world with a journal of its own. */
export type MakeWorld = () => Promise<ClientWorld>;

interface Made {
  readonly client: TroupeClient;
  readonly host: Runtime;
  readonly isNoAdmin?: true;
}

async function worldOf(make: (db: string, definitions: DefinitionResolver) => Promise<Made>): Promise<ClientWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-client-'));
  const outside: Outside = { done: [], isBroken: false };
  const flows = flowsOver(outside);
  const definitions = async ({ name = '' }: { readonly name?: string }) => {
    const found = flows[name];
    if (found) return found;
    throw new TroupeError('unknown_recipient', `There is no flow "${name}".`);
  };
  const db = join(folder, 'journal.db');
  const { client, host, ...rights } = await make(db, definitions);
  return {
    client,
    ...rights,
    outside,
    async begin(name, input = null, key = 'r') {
      const run = await host.start(await definitions({ name }), input, { key });
      await run.outcome({ returnWhenWaiting: true });
      return run.id;
    },
    teller: () => troupeClient({ db }),
    endProcess: () => host.close(),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The client of the process that has the runs. */
export const inProcess: MakeWorld = () =>
  worldOf(async (db, definitions) => {
    const host = await openRuntime({ db, poll: 10 });
    return { host, client: await troupeClient({ runtime: host, definitions, by: 'Ada' }) };
  });

/** A client that opens the journal itself, beside the process that has the runs. */
export const besideIt: MakeWorld = () =>
  worldOf(async (db, definitions) => ({
    host: await openRuntime({ db, poll: 10 }),
    client: await troupeClient({ db, definitions, by: 'Ada' }),
  }));

/** A client of a server that has opened the journal, beside the process that has the runs. */
export const overHttp: MakeWorld = () =>
  worldOf(async (db, definitions) => {
    const host = await openRuntime({ db, poll: 10 });
    const served = await troupeClient({ db, definitions, by: 'Ada' });
    const door = await httpDoor({ port: 0, routes: controlRoutes(served, systemClock()) });
    const client = await troupeClient({ http: door.url });
    const close = async () => {
      await door.close(0);
      await served[Symbol.asyncDispose]();
    };
    return { host, client: { ...client, [Symbol.asyncDispose]: close } };
  });

/** A client of a control server on a NATS server, which has opened the journal beside the process that has the runs. Each world has a tenant of its own. */
export const overNats =
  (servers: () => string): MakeWorld =>
  () =>
    worldOf(async (db, definitions) => {
      const host = await openRuntime({ db, poll: 10 });
      const served = await troupeClient({ db, definitions, by: 'Ada' });
      const place = { servers: servers(), tenant: `t${(tenants += 1)}` };
      const serving = await serveControl(served, place, systemClock());
      const client = await troupeClient({ nats: place, control: true });
      const close = async () => {
        await client[Symbol.asyncDispose]();
        await serving[Symbol.asyncDispose]();
        await served[Symbol.asyncDispose]();
      };
      return { host, client: { ...client, [Symbol.asyncDispose]: close }, isNoAdmin: true };
    });

/** A client that opens a journal on a NATS server, beside the process that has the runs. */
export const onSharedJournal =
  (server: () => Pick<NatsServer, 'url' | 'stateFolder'>): MakeWorld =>
  () =>
    worldOf(async (_, definitions) => {
      const { url, stateFolder } = server();
      const nats = { servers: url, folder: stateFolder, tenant: `t${(tenants += 1)}` };
      return {
        host: await openRuntime({ nats, poll: 10 }),
        client: await troupeClient({ nats, definitions, by: 'Ada' }),
      };
    });

let tenants = 0;
