/**
 * Deployments: numbered versions of a definition, whose code is kept, and tags that say which one is used.
 *
 * DP1 A version gets the next number, and no number is given twice, however many processes deploy at once.
 * DP2 An exclusive tag is on one version at every moment, also while it is moved. `default` is on one from the first version on.
 * DP3 A version is not deleted while it has an exclusive tag.
 */
import { TroupeError } from '../values/failure.ts';
import { defaultTag, type VersionChoice } from './names.ts';
import {
  deploymentJson,
  readDeployment,
  viewOf,
  type DeployedVersion,
  type Deployment,
  type VersionView,
} from './record.ts';
import { changeRecord, type DeploymentStore } from './store/store.ts';
import { chosenVersion, withoutTag, deleteVersion, withTag, withVersion, type TagChange } from './versions.ts';

/** What is done with the deployments of a store. */
export interface Deployments {
  /** The versions of one deployment or of all, by name, newest first. */
  list(name?: string): Promise<VersionView[]>;
  /** One version; that with the tag `default` when neither number nor tag is given. Rejects with `unknown_recipient` when there is none, `conflict` when several versions have the tag. */
  get(name: string, choice?: VersionChoice): Promise<VersionView>;
  /** Adds a version. The first one gets the tag `default`. */
  add(
    name: string,
    version: Omit<DeployedVersion, 'version' | 'tags'>,
    tags?: readonly TagChange[],
  ): Promise<VersionView>;
  /** Puts a tag on a version; an exclusive one moves there. */
  tag(name: string, version: number, tag: TagChange): Promise<VersionView>;
  /** Takes a tag from a version. Rejects with `conflict` for `default`. */
  untag(name: string, version: number, tag: string): Promise<VersionView>;
  /** Deletes a version. Rejects with `conflict` while it has an exclusive tag. Its code is not touched. */
  delete(name: string, version: number): Promise<void>;
  /** Deletes a deployment with all its versions. Their numbers are not given again. */
  deleteAll(name: string): Promise<void>;
}

/** The deployments of a store. */
export function deploymentsIn(store: DeploymentStore): Deployments {
  const read = async (name: string): Promise<Deployment> =>
    requireVersions(name, readDeployment(name, (await store.get(`deployments/${name}`))?.value ?? null));

  const change = (name: string, to: (before: Deployment) => Deployment): Promise<Deployment> =>
    changeRecord(store, `deployments/${name}`, (value) => {
      const after = to(readDeployment(name, value) ?? { name, lastVersion: 0, exclusive: {}, versions: [] });
      return { value: deploymentJson(after), result: after };
    });
  const changeExisting = (name: string, to: (before: Deployment) => Deployment) =>
    change(name, (before) => to(requireVersions(name, before)));
  const view = (deployment: Deployment, version: number): VersionView =>
    viewOf(deployment, chosenVersion(deployment, { version }));

  return {
    async list(name) {
      if (name !== undefined) return viewsOf(await read(name));
      const names = await store.ids('deployments');
      const all = await Promise.all(
        names.map(async (each) => readDeployment(each, (await store.get(`deployments/${each}`))?.value ?? null)),
      );
      return all.flatMap((deployment) => (deployment ? viewsOf(deployment) : []));
    },
    async get(name, choice = {}) {
      const deployment = await read(name);
      return viewOf(deployment, chosenVersion(deployment, choice));
    },
    async add(name, version, tags = []) {
      const deployment = await change(name, (before) => withVersion(before, version, tags));
      return view(deployment, deployment.lastVersion);
    },
    async tag(name, version, tag) {
      return view(await changeExisting(name, (before) => withTag(before, version, tag)), version);
    },
    async untag(name, version, tag) {
      return view(await changeExisting(name, (before) => withoutTag(before, version, tag)), version);
    },
    async delete(name, version) {
      await changeExisting(name, (before) => deleteVersion(before, version));
    },
    async deleteAll(name) {
      // The record stays, with the last number.
      await changeExisting(name, (before) => ({ ...before, exclusive: {}, versions: [] }));
    },
  };
}

const viewsOf = (deployment: Deployment): VersionView[] => deployment.versions.map((each) => viewOf(deployment, each));

/** Throws `unknown_recipient` for a deployment that is not there. */
function requireVersions(name: string, deployment: Deployment | undefined): Deployment {
  if (deployment?.exclusive[defaultTag] !== undefined) return deployment;
  throw new TroupeError(
    'unknown_recipient',
    `There is no deployment "${name}". "troupe deployments list" shows those there are; make one with: troupe deploy FILE --name ${name}`,
  );
}
