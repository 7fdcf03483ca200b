/** Asks an orchestrator of another process to run workflows, and how its runs stand. */
import * as z from 'zod';
import { TroupeError } from '../../../values/failure.ts';
import type { JsonObject } from '../../../values/json.ts';
import { Accepted, RunDetail, RunList } from '../contracts/runViews.ts';
import { exchange, type ClientOptions, type ExchangeAnswer } from './exchange.ts';
import { peerUrl } from './peerUrl.ts';

/** Milliseconds: an orchestrator only takes the work, and reads what it has stored. */
const defaultTimeout = 30_000;

/** A run with its steps, as the contract has it. */
export type RemoteRun = z.infer<typeof RunDetail>;
/** A page of runs. */
export type RemoteRuns = z.infer<typeof RunList>;

/**
 * An orchestrator. Its methods reject with `invalid` when it refuses what was asked, `auth` without the right credentials, `conflict` for the key of another
 * invocation, `transient` or `timeout` when it cannot be reached, and `format` when its answer is not one of the contract.
 */
export interface OrchestratorClient {
  /** Begins a run of a workflow, and gives its id. With a key any number of calls with the same parameters are one run. */
  invoke(workflow: string, params: JsonObject, options?: { readonly key?: string }): Promise<string>;
  /** A run and its steps; undefined when there is none. */
  run(id: string): Promise<RemoteRun | undefined>;
  /** The newest runs, `limit` at most. */
  runs(query: { readonly limit: number; readonly workflow?: string; readonly status?: string }): Promise<RemoteRuns>;
}

/** The orchestrator at a URL. */
export function orchestratorClient(url: string, options: ClientOptions = {}): OrchestratorClient {
  const shared = { ...options, timeout: options.timeout ?? defaultTimeout, who: 'The orchestrator' };
  return {
    async invoke(workflow, params, { key } = {}) {
      const headers = { ...options.headers, ...(key === undefined ? {} : { 'idempotency-key': key }) };
      const answer = await exchange({ ...shared, headers, url: peerUrl(url, 'invoke', workflow), body: params });
      if (answer.status === 404)
        throw new TroupeError('invalid', `The orchestrator has no workflow "${workflow}" that may be invoked.`);
      return read(Accepted.pick({ run_id: true }), answer).run_id;
    },
    async run(id) {
      const answer = await exchange({ ...shared, url: peerUrl(url, 'runs', id) });
      return answer.status === 404 ? undefined : read(RunDetail, answer);
    },
    async runs({ limit, workflow, status }) {
      const query = new URLSearchParams({
        limit: String(limit),
        ...(workflow === undefined ? {} : { workflow }),
        ...(status === undefined ? {} : { status }),
      });
      return read(RunList, await exchange({ ...shared, url: `${peerUrl(url, 'runs')}?${query.toString()}` }));
    },
  };
}

/** What an answer holds. Throws for refusals, and for what is not of the contract. */
function read<Value>(schema: z.ZodType<Value>, { status, json, text, retryAfter }: ExchangeAnswer): Value {
  const data = status < 300 ? schema.safeParse(json).data : undefined;
  if (data !== undefined) return data;
  const said = Detail.safeParse(json).data;
  const reason = said?.detail ?? said?.error ?? said?.title ?? (json === undefined ? text.trim() : '');
  const why = reason === '' ? '' : `: ${reason.slice(0, 500)}`;
  if (status < 300)
    throw new TroupeError('format', 'The orchestrator answered with a body that is not of its contract.');
  throw new TroupeError(kindOf(status), `The orchestrator answered ${status}${why}.`.replace(/\.\.$/, '.'), {
    data: { status },
    retryAfter,
  });
}

/** Problem details, or the shorter form of some refusals. */
const Detail = z.object({ detail: z.string().optional(), error: z.string().optional(), title: z.string().optional() });

function kindOf(status: number): 'auth' | 'conflict' | 'transient' | 'invalid' {
  if (status === 401 || status === 403) return 'auth';
  if (status === 409) return 'conflict';
  return status >= 500 || status === 429 ? 'transient' : 'invalid';
}
