/** What can be done with deployed versions of flows. */
import type { Json, JsonObject } from '../../values/json.ts';
import type { Execution, Page } from './execution.ts';

/** A deployed version. */
export interface DeploymentInfo {
  /** The name of its deployment. */
  readonly flow: string;
  /** Its number, from 1; a number is never given twice. */
  readonly version: number;
  /** Its tags that other versions may have as well. */
  readonly tags: readonly string[];
  /** Its tags that no other version has, such as `default`. */
  readonly exclusive_tags: readonly string[];
  /** When it was deployed, in milliseconds since the epoch. */
  readonly created_at: number;
  /** SHA-256 of its code, in hexadecimal. */
  readonly hash: string;
  /** JSON Schema of its input; absent when that is not known. */
  readonly input_schema?: JsonObject;
  /** The commit that was checked out when it was deployed; absent outside of a repository. */
  readonly commit_sha?: string;
  /** Did files differ from that commit? Absent outside of a repository. */
  readonly commit_dirty?: boolean;
}

/** Deployments. */
export interface DeploymentsClient {
  /** The deployed versions, the newest first. */
  list(query?: {
    /** Only versions of this deployment; of all by default. */
    readonly flow?: string;
    /** How many at most. */
    readonly limit?: number;
    /** Where to go on, from the page before. */
    readonly cursor?: string;
  }): Promise<Page<DeploymentInfo>>;
  /** One version; that with the tag `default` when neither a number nor a tag is given. */
  get(
    flow: string,
    which?: {
      /** Its number, from 1. */
      readonly version?: number;
      /** A tag that it alone has; give it or `version`, not both. */
      readonly tag?: string;
    },
  ): Promise<DeploymentInfo>;
  /** Deploys a file as the next version of its flow. The first version gets the tag `default`. */
  create(
    file: string,
    options?: {
      /** The name of the deployment; that of the definition by default. */
      readonly name?: string;
      /** Tags of the new version; none by default. */
      readonly tags?: readonly string[];
      /** Do the tags move here from other versions? False by default. */
      readonly exclusive?: boolean;
      /** Fields of the input for callers that do not give them; none by default. */
      readonly input?: JsonObject;
    },
  ): Promise<DeploymentInfo>;
  /** Starts a run of one version; of that with the tag `default` when neither a number nor a tag is given. */
  invoke(
    flow: string,
    input: Json,
    which?: {
      /** The number of the version, from 1. */
      readonly version?: number;
      /** A tag that one version has; give it or `version`, not both. */
      readonly tag?: string;
      /** The id of the new run; one is made by default. The same key and input again give the run that is there. */
      readonly key?: string;
    },
  ): Promise<Execution>;
  /** Puts a tag on a version. */
  tag(
    flow: string,
    version: number,
    tag: string,
    options?: {
      /** May only one version have it, so that it moves here? False by default; `default` always moves. */
      readonly exclusive?: boolean;
    },
  ): Promise<DeploymentInfo>;
  /** Takes a tag from a version. Rejects with `conflict` for `default`. */
  untag(flow: string, version: number, tag: string): Promise<DeploymentInfo>;
  /** Removes a version. Rejects with `conflict` while it has an exclusive tag. */
  delete(flow: string, version: number): Promise<void>;
}
