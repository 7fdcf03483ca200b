/** A deployment as it is stored: all its versions in one record, so that a tag moves in one write. */
import * as z from 'zod';
import { anyJson } from '../values/anyJson.ts';
import { describeMismatch } from '../values/explain.ts';
import { TroupeError } from '../values/failure.ts';
import { asJson, type Json } from '../values/json.ts';

/** One version of a deployment. */
export const DeployedVersion = z.object({
  /** Its number, from 1; a number is never given twice. */
  version: z.int().min(1),
  /** The SHA-256 of its code, in hexadecimal digits. */
  bundle: z.string().regex(/^[0-9a-f]{64}$/),
  /** The file to load, relative to the folder of the bundle. */
  entry: z.string(),
  /** What it defines: agent, team, orchestrator, machine, guarded, workflow or flow. */
  kind: z.string(),
  /** The absolute path of the file that was deployed; for people, and for the packages that the code imports. */
  source: z.string(),
  /** When it was deployed; milliseconds since the epoch. */
  createdAt: z.number(),
  /** The tags that other versions may have as well. */
  tags: z.array(z.string()),
  /** The commit that was checked out; absent outside of a repository. */
  commit: z.string().optional(),
  /** Whether files differed from that commit. */
  dirty: z.boolean().optional(),
  /** JSON Schema of its input; absent when that is not known. */
  schema: anyJson().optional(),
  /** The input where the caller gives none; properties that the caller gives replace those of an object. */
  defaults: anyJson().optional(),
  /** What the function of the file is called with; absent when it exports no function. */
  settings: anyJson().optional(),
});
export type DeployedVersion = z.infer<typeof DeployedVersion>;

/** A deployment: its versions, newest first. */
export const Deployment = z.object({
  /** Its name, an id. */
  name: z.string(),
  /** The highest number that a version ever had. */
  lastVersion: z.int().min(0),
  /** The version that has each exclusive tag. */
  exclusive: z.record(z.string(), z.int().min(1)),
  /** Newest first. */
  versions: z.array(DeployedVersion),
});
export type Deployment = z.infer<typeof Deployment>;

/** One version with its deployment's name and all its tags. */
export type VersionView = DeployedVersion & {
  /** The name of its deployment. */
  readonly name: string;
  /** The tags that it alone has. */
  readonly exclusive: readonly string[];
};

/** The record of a deployment; undefined where there is none. Throws `corrupt` for something else. */
export function readDeployment(name: string, value: Json): Deployment | undefined {
  if (value === null) return undefined;
  const parsed = Deployment.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TroupeError(
    'corrupt',
    `The record of the deployment "${name}" cannot be read: ${describeMismatch(parsed.error, value)}.`,
  );
}

/** The record as it is written. */
export const deploymentJson = (deployment: Deployment): Json =>
  asJson(JSON.parse(JSON.stringify(deployment)) as object);

/** A version with its name and tags. */
export const viewOf = ({ name, exclusive }: Deployment, version: DeployedVersion): VersionView => ({
  ...version,
  name,
  exclusive: Object.keys(exclusive)
    .filter((tag) => exclusive[tag] === version.version)
    .sort(),
});
