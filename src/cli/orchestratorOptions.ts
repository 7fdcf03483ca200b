/** The orchestrator that a command asks over HTTP, and the credentials for it. */
import { orchestratorClient, type OrchestratorClient } from '../doors/http/clients/orchestratorClient.ts';
import type { Cli } from './cli.ts';
import { UsageError } from './exit.ts';

/** How an orchestrator is reached. */
export interface RemoteOrchestratorOptions {
  /** Its URL; TROUPE_ORCHESTRATOR_URL or KTSU_ORCHESTRATOR_URL by default. */
  readonly orchestrator?: string;
  /** Sent as `Authorization: Bearer`; TROUPE_HTTP_TOKEN by default. */
  readonly token?: string;
  /** Further headers, as `name:value`, such as the one that a workflow's `invoke.auth` names. */
  readonly header?: readonly string[];
}

/** The URL of the orchestrator; undefined when none is named, or the command line names a journal or a NATS server instead. */
export const orchestratorUrl = (
  { env }: Pick<Cli, 'env'>,
  { orchestrator, nats, db }: RemoteOrchestratorOptions & { readonly nats?: string; readonly db?: string },
): string | undefined =>
  orchestrator ??
  (nats === undefined && db === undefined
    ? (env['TROUPE_ORCHESTRATOR_URL'] ?? env['KTSU_ORCHESTRATOR_URL'])
    : undefined);

/** The orchestrator at a URL. Throws `UsageError` for a header that is none. */
export function openOrchestrator(
  { env }: Pick<Cli, 'env'>,
  url: string,
  { token = env['TROUPE_HTTP_TOKEN'], header = [] }: RemoteOrchestratorOptions,
): OrchestratorClient {
  return orchestratorClient(url, {
    ...(token === undefined ? {} : { token }),
    headers: Object.fromEntries(header.map(headerOf)),
  });
}

function headerOf(text: string): [string, string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~\w-]+)\s*:\s*([\x20-\x7e]*)$/.exec(text) ?? [];
  // The value may be a secret: it is not repeated.
  if (name === undefined || value === undefined)
    throw new UsageError("--header expects name:value, such as --header 'X-Token: …'.");
  return [name.toLowerCase(), value];
}
