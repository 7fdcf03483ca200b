/** What a runtime is opened with. */
import type { ActorType } from '../core/actorType.ts';
import type { Observer } from '../contracts/inspection.ts';
import type { GatewayOptions } from '../gateway/gatewayOptions.ts';
import type { SecretStore } from '../secrets/secretStore.ts';
import type { Clock } from '../values/clock.ts';
import type { Duration } from '../values/duration.ts';
import type { OptionNames } from '../values/options.ts';
import { backendOptionNames, type BackendOptions } from './backends.ts';

/** What a runtime is opened with. */
export interface RuntimeOptions extends BackendOptions {
  /** Called with every event of every actor; none by default. */
  readonly observers?: readonly Observer[];
  /**
   * Whether runs are followed as traces of OpenTelemetry; `true` by default: they are when the program has registered a tracer provider before it opens the runtime
   * (`@opentelemetry/api` 1.9 or later), and nothing is loaded when it has not.
   */
  readonly tracing?: boolean;
  /** Model groups, prices and retries; see docs/models.md. */
  readonly gateway?: Omit<GatewayOptions, 'clock' | 'env' | 'secret'>;
  /** Environment variables, for keys and defaults; those of the process by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * What becomes of errors that a tool or another effect throws where nothing can catch them, such as in a timer. `fail`: the run that it belongs to fails, and the
   * process goes on; the default. `exit`: they end the process, as everywhere in Node.
   */
  readonly strays?: 'fail' | 'exit';
  /**
   * How long a run is kept after its end, as a duration or in milliseconds; 30 days by default, and for ever with `false`. `TROUPE_KEEP` by default (`90d`, or `forever`).
   * Older ones are deleted while the process works on others. For a journal that this runtime opens, but not for one on a server: there people prune.
   */
  readonly keep?: Duration | false;
  /** Where `ctx.secret` finds secrets, and models their keys; those that `troupe secrets` keeps beside the journal by default. */
  readonly secrets?: Pick<SecretStore, 'get'>;
  /**
   * The folder from which a configuration file is looked for, upwards: `troupe.config.ts`, `.yaml` or `.json`, or `troupe` in package.json. The current folder by default; none
   * with `false`.
   */
  readonly project?: string | false;
  /** For tests: another clock. */
  readonly clock?: Clock;
  /** How often to look for messages from other processes; milliseconds, 250 by default. */
  readonly poll?: number;
  /** How long the lease of a run lasts without being renewed, in milliseconds; 10,000 by default. Another process can take the run after it. On a shared journal the presence of the process decides instead. */
  readonly leaseTtl?: number;
  /** For tests: changes every actor type before it is used. */
  readonly prepare?: (type: ActorType) => ActorType;
}

/** The names of the options of a runtime. */
export const runtimeOptionNames: OptionNames<RuntimeOptions> = {
  ...backendOptionNames,
  observers: true,
  tracing: true,
  gateway: true,
  env: true,
  leaseTtl: true,
  poll: true,
  strays: true,
  keep: true,
  project: true,
  secrets: true,
  clock: true,
  prepare: true,
};
