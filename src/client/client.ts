/** Makes a client over a journal: in the process that has the runs, or in any other one. What a client needs is loaded when one is made. */
import type { TroupeClient } from '../contracts/client/client.ts';
import type { DeploymentsClient } from '../contracts/client/deployments.ts';
import type { SecretsClient } from '../contracts/client/secrets.ts';
import type { AuthClient } from '../contracts/client/tokens.ts';
import type { SchedulesClient } from '../contracts/client/schedules.ts';
import { systemClock } from '../engine/clock.ts';
import { natsSettings, type NatsSettings } from '../nats/options.ts';
import { withNats } from '../nats/packages.ts';
import { openRuntime, type Runtime } from '../runtime/runtime.ts';
import type { Clock } from '../values/clock.ts';
import { TroupeError } from '../values/failure.ts';
import { requireOptions, type OptionNames } from '../values/options.ts';
import { withCheckedOptions } from './checkedOptions.ts';
import type { DefinitionResolver } from './definitions.ts';

/** What a client is made of. One of `runtime`, `db`, `nats` and `http` says where the runs are. */
export interface TroupeClientOptions {
  /** An open runtime. It stays open when the client is closed. */
  readonly runtime?: Runtime;
  /** The file of a journal, or `memory`. */
  readonly db?: string;
  /** A NATS server with the journal, `nats://host:port`; with `control`, one on which a control server answers. */
  readonly nats?: string | NatsSettings;
  /** Ask a control server of the tenant over NATS, such as `troupe control --nats`, which has all other parts itself, instead of opening the journal. False by default. */
  readonly control?: boolean;
  /** The URL of a control server, such as that of `troupe control`. It has all other parts itself. */
  readonly http?: string;
  /** The token for that server; none by default. */
  readonly token?: string;
  /** Gives the definition of a run that is begun, retried, resumed or replayed here. Without it the client only shows runs, and stores what they are told. */
  readonly definitions?: DefinitionResolver;
  /** Who answers questions, where a call names nobody; `client` by default. */
  readonly by?: string;
  /** Deployments; unsupported by default. */
  readonly deployments?: DeploymentsClient;
  /** Schedules; unsupported by default. */
  readonly schedules?: SchedulesClient;
  /** Secrets; unsupported by default. */
  readonly secrets?: SecretsClient;
  /** Tokens; unsupported by default. */
  readonly auth?: AuthClient;
  /** For tests: another clock. */
  readonly clock?: Clock;
}

const optionNames: OptionNames<TroupeClientOptions> = {
  runtime: true,
  db: true,
  nats: true,
  control: true,
  http: true,
  token: true,
  definitions: true,
  by: true,
  deployments: true,
  schedules: true,
  secrets: true,
  auth: true,
  clock: true,
};

/**
 * Makes a client. Rejects with `definition` when not exactly one journal is named, otherwise as `openRuntime` does.
 * @example await using client = await troupeClient({ db: '.troupe/troupe.db' }); const { items } = await client.executions.list({ status: 'waiting' });
 */
export async function troupeClient(options: TroupeClientOptions): Promise<TroupeClient> {
  requireOptions('troupeClient', options, optionNames);
  return withCheckedOptions(await clientOf(options));
}

async function clientOf(options: TroupeClientOptions): Promise<TroupeClient> {
  const { runtime: given, db, nats, http, token, definitions, by = 'client', clock = systemClock() } = options;
  if ([given, db, nats, http].filter((one) => one !== undefined).length !== 1)
    throw new TroupeError('definition', 'A client needs one of { runtime }, { db }, { nats } and { http }.');
  if (options.control === true) return overNats(nats, clock);
  if (http !== undefined) {
    const { httpClient } = await import('../doors/http/clients/controlClient.ts');
    return httpClient(http, { clock, ...(token === undefined ? {} : { token }) });
  }
  const { artifactsClient, deadLettersClient, executionsClient } = await import('./ofRuntime.ts');
  const runtime =
    given ??
    (await openRuntime({
      ...(db === undefined ? {} : { db }),
      ...(nats === undefined ? {} : { nats }),
      ...(options.clock ? { clock } : {}),
    }));
  const { deployments = absent<DeploymentsClient>('deployments') } = options;
  const invoke = options.deployments;
  return {
    executions: executionsClient({
      runtime,
      clock,
      definitions,
      by,
      invoke: invoke && (async (...which) => (await invoke.invoke(...which)).exec_id),
    }),
    artifacts: artifactsClient(runtime),
    deadLetters: deadLettersClient({ journal: runtime.journal, clock, by }),
    deployments,
    schedules: options.schedules ?? absent<SchedulesClient>('schedules'),
    secrets: options.secrets ?? absent<SecretsClient>('secrets'),
    auth: options.auth ?? absent<AuthClient>('tokens'),
    async [Symbol.asyncDispose]() {
      if (!given) await runtime.close();
    },
  };
}

/** A client of a control server. */
async function overNats(given: string | NatsSettings | undefined, clock: Clock): Promise<TroupeClient> {
  // Credentials and tenant may be in the environment, as for a journal; the server is named here.
  const settings = given && natsSettings(given, process.env);
  if (!settings)
    throw new TroupeError('definition', '`control` says how runs are reached over NATS: give { nats }, too.');
  const { natsControl } = await withNats(() => import('../cluster/control/client.ts'));
  // What is left out is for a journal.
  const { folder: _, monitor: __, durability: ___, acceptRestored: ____, ...options } = settings;
  return natsControl(options, clock);
}

/** A part that this client was not given: each of its calls rejects with `unsupported`. */
function absent<Part extends object>(what: string): Part {
  const refuse = async () => {
    throw new TroupeError(
      'unsupported',
      `This client has no ${what}: give them to troupeClient, or ask a server that has them.`,
    );
  };
  // Every method of a part gives a promise, and a part has nothing but methods.
  return new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : refuse) }) as Part;
}
