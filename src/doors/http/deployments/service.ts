/** What the routes of deployments ask for. */
import type { Json } from '../../../values/json.ts';

/** A run of a deployment, as its caller sees it. */
export interface DeployedRunView {
  /** The id of the run. */
  readonly run_id: string;
  /** The deployment that it is a run of. */
  readonly deployment: string;
  /** The number of the version. */
  readonly version: number;
  /** `running` until it has ended. */
  readonly status: 'running' | 'done' | 'failed' | 'cancelled';
  /** The result of a run that is done. */
  readonly output?: Json;
  /** Why it failed or was cancelled, in a sentence. */
  readonly error?: string;
}

/** An invocation. */
export interface DeploymentCall {
  /** The name of the deployment. */
  readonly name: string;
  /** The number of a version; the one with the tag by default. */
  readonly version?: number;
  /** The tag of a version; `default` by default. */
  readonly tag?: string;
  /** What the caller gives, over the default input of the version. */
  readonly input?: Json;
  /** The id of the run; a new one by default. */
  readonly key?: string;
}

/** Deployments behind HTTP. Errors are `TroupeError`. */
export interface DeploymentService {
  /** The versions of one deployment or of all, newest first; undefined when there is none of that name. */
  list(name?: string): Promise<readonly Json[] | undefined>;
  /** Starts a run, or joins the one of the key. Rejects with `invalid` when the input does not fit, `conflict` when the key belongs to another input. */
  invoke(call: DeploymentCall): Promise<{ readonly run: DeployedRunView; readonly existed: boolean }>;
  /** A run of a deployment; undefined when there is none. */
  run(id: string): Promise<DeployedRunView | undefined>;
  /** The run when it has ended. Rejects with `cancelled` when the signal fires. */
  ended(id: string, signal: AbortSignal): Promise<DeployedRunView | undefined>;
}
