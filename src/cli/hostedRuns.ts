/** A client over a journal whose runs this process hosts: it knows the definitions of some files, and goes on with what no other process has. */
import { join, resolve } from 'node:path';
import { troupeClient, type TroupeClient } from '../client/index.ts';
import { secretsClient } from '../client/secretsClient.ts';
import { accessTokens, type AccessTokens } from '../doors/http/control/accessTokens.ts';
import { version } from '../runtime/version.ts';
import { toFailure } from '../values/failure.ts';
import type { JsonObject } from '../values/json.ts';
import type { Cli } from './cli.ts';
import { deploymentsClient } from './deploymentsClient.ts';
import { hostedDefinitions } from './hostedDefinitions.ts';
import { defaultJournal, journalFolder } from './journalFolder.ts';
import { openStore } from './openStore.ts';
import { runtimeOptions, type CommonOptions } from './options.ts';
import { runOriginOf, type RunOrigin } from './runRows.ts';
import { schedulesClient } from './schedulesClient.ts';
import { deleteCodeOfPruned } from './unusedCode.ts';
import { userName } from './whoami.ts';

/** The runs that are hosted. Disposing it releases them, to be gone on with by another process. */
export interface HostedRuns extends AsyncDisposable {
  readonly client: TroupeClient;
  readonly tokens: AccessTokens;
  /** The version, the journal, and the definitions that can be started. */
  status(): Promise<JsonObject>;
  /** Goes on with the runs of the definitions that no process has; resolves to their number. What cannot go on is told once. */
  adopt(): Promise<number>;
}

/** The most runs that are looked at. */
const mostRuns = 10_000;
/** Milliseconds between two looks at what other processes have left behind. */
const lookAgain = 10_000;

/** Loads the files and opens the journal, which is made when there is none. Rejects with `UsageError` for a file that cannot be run. */
export async function openHostedRuns(
  cli: Cli,
  files: readonly string[],
  options: CommonOptions,
  say: (line: string) => void,
): Promise<HostedRuns> {
  const known = await hostedDefinitions(cli, files, options);
  const { db = cli.env['TROUPE_DB'] ?? defaultJournal } = options;
  const folder = journalFolder(cli, options);
  const runtime = await cli.open({ ...runtimeOptions(cli, options), clock: cli.clock });
  const tokens = accessTokens(join(folder, 'tokens'), cli.clock);
  const ofJournal = await troupeClient({
    runtime,
    deployments: deploymentsClient(cli, options, runtime, () => client.executions),
    schedules: schedulesClient(cli, options, () => client.deployments),
    clock: cli.clock,
    by: userName(),
    auth: tokens,
    secrets: secretsClient(openStore(cli, options)),
    // What is stored with a run is what `RunOrigin` says.
    definitions: (about) => known.find(about as RunOrigin),
  });
  const client: TroupeClient = {
    ...ofJournal,
    executions: {
      ...ofJournal.executions,
      async prune(asked) {
        const pruned = await ofJournal.executions.prune(asked);
        await deleteCodeOfPruned(cli, options, runtime.journal);
        return pruned;
      },
    },
  };
  const told = new Set<string>();

  async function adopt(): Promise<number> {
    const active = await runtime.journal.find({ parent: null, status: 'active', limit: mostRuns });
    let adopted = 0;
    for (const root of active) {
      const { run } = root;
      const origin = runOriginOf(root);
      if (!known.isServed(origin) || hosted.has(run)) continue;
      try {
        const handle = await runtime.resume(run, (await known.find(origin)).definition);
        hosted.add(run);
        adopted++;
        void handle
          .outcome()
          .catch(() => {})
          .finally(() => hosted.delete(run));
      } catch (thrown) {
        const { kind, message } = toFailure(thrown);
        if (kind === 'owned_elsewhere' || told.has(run)) continue;
        told.add(run);
        say(`The run ${run} is not gone on with: ${message}`);
      }
    }
    return adopted;
  }
  const hosted = new Set<string>();
  let timer = cli.clock.wake(cli.clock.now() + lookAgain, again);
  function again(): void {
    // A journal that cannot be read now is looked at again.
    void adopt()
      .catch(() => 0)
      .then(() => (timer = cli.clock.wake(cli.clock.now() + lookAgain, again)));
  }

  return {
    client,
    tokens,
    adopt,
    status: async () => ({
      version: version(),
      journal: options.nats ?? resolve(cli.cwd, db),
      definitions: [...known.names],
    }),
    async [Symbol.asyncDispose]() {
      timer[Symbol.dispose]();
      await runtime.close();
    },
  };
}
