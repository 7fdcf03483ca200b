/**
 * What can be done with runs, whoever asks: from code, from the command line, over HTTP, over NATS and by an assistant over MCP. One interface with an implementation that
 * has a journal; the others pass the same calls on. Errors are TroupeErrors: `invalid` for what does not fit, `unknown_recipient` for what there is not, `conflict` where
 * the state does not allow it.
 */
import type { ArtifactsClient } from './artifacts.ts';
import type { DeadLettersClient } from './deadLetters.ts';
import type { DeploymentsClient } from './deployments.ts';
import type { ExecutionsClient } from './executions.ts';
import type { SchedulesClient } from './schedules.ts';
import type { SecretsClient } from './secrets.ts';
import type { AuthClient } from './tokens.ts';

/** What can be done with runs, artifacts, dead letters, deployments, schedules, secrets and tokens. */
export interface TroupeClient extends AsyncDisposable {
  /** Runs: started, shown and moved. */
  readonly executions: ExecutionsClient;
  /** The values that runs have made. */
  readonly artifacts: ArtifactsClient;
  /** Messages that no actor accepted. */
  readonly deadLetters: DeadLettersClient;
  /** Deployed versions; each call rejects with `unsupported` where the client has none. */
  readonly deployments: DeploymentsClient;
  /** Schedules of deployed versions; each call rejects with `unsupported` where the client has none. */
  readonly schedules: SchedulesClient;
  /** Stored secrets; each call rejects with `unsupported` where the client has none. */
  readonly secrets: SecretsClient;
  /** Access tokens; each call rejects with `unsupported` where the client has none. */
  readonly auth: AuthClient;
}
