/** The client that commands use, over the journal of their options. */
import { troupeClient, type TroupeClient } from '../client/index.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Cli } from './cli.ts';
import { existingJournalOptions, type CommonOptions } from './options.ts';
import { userName } from './whoami.ts';

/** An open client. Disposing it closes its journal. */
export interface OpenClient extends AsyncDisposable {
  readonly client: TroupeClient;
  readonly runtime: Runtime;
}

/** Opens the journal, which must exist. Rejects with `UsageError` as `existingJournalOptions` does. */
export async function openClient(cli: Cli, options: CommonOptions): Promise<OpenClient> {
  const runtime = await cli.open(await existingJournalOptions(cli, options));
  return { runtime, client: await clientOn(cli, runtime), [Symbol.asyncDispose]: () => runtime.close() };
}

/** A client over an open runtime. It has no definitions: a command that ends at once must not begin to perform the calls of a run. */
export const clientOn = (cli: Cli, runtime: Runtime): Promise<TroupeClient> =>
  troupeClient({ runtime, clock: cli.clock, by: userName() });
