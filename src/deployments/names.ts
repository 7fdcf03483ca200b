/** The names of deployments and of their tags, and how a version is named: `desk`, `desk@canary` or `desk@3`. */
import { TroupeError } from '../values/failure.ts';
import { slugOf } from '../values/ids.ts';

/** Names the version that is used when none is named. It is on one version at all times. */
export const defaultTag = 'default';

/** One version of a deployment, as it is named: by its number or by a tag, by the tag `default` without either. */
export interface VersionChoice {
  /** The number of the version, from 1. */
  readonly version?: number | undefined;
  /** A tag that one version has. */
  readonly tag?: string | undefined;
}

/** The name of a deployment as an id. Throws `invalid` for a name that cannot be one. */
export function deploymentName(name: string): string {
  const { id, problem } = slugOf(name);
  if (problem === undefined && !name.includes('::')) return id;
  throw new TroupeError(
    'invalid',
    `A deployment is named by letters a-z, digits and ". _ -", such as news-desk; ${JSON.stringify(name)} cannot be its name${problem === undefined ? '' : `: ${problem}`}. Give it another with --name.`,
  );
}

/** Throws `invalid` for a tag that cannot be told from a version or that a command line cannot hold. */
export function requireTag(tag: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(tag) && !/^v?\d+$/i.test(tag)) return tag;
  throw new TroupeError(
    'invalid',
    `A tag is 1 to 64 letters, digits and ". _ -", and not a number; got ${JSON.stringify(tag.slice(0, 80))}.`,
  );
}

/** Reads `desk`, `desk@canary`, `desk@3` or `desk@v3`. Throws `invalid`. */
export function parseDeployment(text: string): { readonly name: string } & VersionChoice {
  const at = text.indexOf('@');
  if (at < 0) return { name: deploymentName(text) };
  const name = deploymentName(text.slice(0, at));
  const choice = text.slice(at + 1);
  const [, version] = /^v?([1-9]\d{0,8})$/i.exec(choice) ?? [];
  return version === undefined ? { name, tag: requireTag(choice) } : { name, version: Number(version) };
}

/** `desk`, `desk@canary` or `desk@3`. */
export const deploymentText = (name: string, { version, tag }: VersionChoice): string =>
  version !== undefined ? `${name}@${version}` : tag !== undefined ? `${name}@${tag}` : name;
