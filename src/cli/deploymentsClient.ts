/** The deployments beside a journal as a client has them. */
import { requireLimit } from '../client/executionsPage.ts';
import { startOnce } from '../client/startOnce.ts';
import type { DeploymentInfo, DeploymentsClient } from '../contracts/client/deployments.ts';
import type { ExecutionsClient } from '../contracts/client/executions.ts';
import { deploymentName, requireTag } from '../deployments/names.ts';
import type { VersionView } from '../deployments/record.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { TroupeError } from '../values/failure.ts';
import { isJsonObject } from '../values/json.ts';
import { asRequest } from './asRequest.ts';
import type { Cli } from './cli.ts';
import { deploymentPlace, type DeploymentPlaceOptions } from './deploymentPlace.ts';
import { deployVersion, workflowProject } from './deployVersion.ts';
import { loadDefinition } from './load.ts';
import { loadPinned } from './pinnedDefinition.ts';
import { deleteUnusedCode } from './unusedCode.ts';
import { metaOf, startOfVersion } from './versionStart.ts';
import { noInputOf } from './noInput.ts';

const [defaultLimit, largestLimit] = [100, 1_000];

/** The client of the deployments beside the journal of `options`; runs are begun in `runtime`, and read with `executions`. */
export function deploymentsClient(
  cli: Cli,
  options: DeploymentPlaceOptions,
  runtime: Pick<Runtime, 'start' | 'journal'>,
  executions: () => Pick<ExecutionsClient, 'get'>,
): DeploymentsClient {
  const place = deploymentPlace(cli, options);
  const { deployments } = place;
  return {
    async list({ flow, limit: asked = defaultLimit, cursor = '0' } = {}) {
      const limit = requireLimit(asked, largestLimit);
      const from = Number(cursor);
      if (!Number.isSafeInteger(from) || from < 0)
        throw new TroupeError('invalid', 'The cursor is none that a list of deployments has given. Begin without one.');
      const all = await deployments.list(flow);
      const items = all.slice(from, from + limit).map(infoOf);
      return { items, ...(from + limit < all.length ? { next: String(from + limit) } : {}) };
    },
    get: async (flow, which) => infoOf(await deployments.get(flow, which)),
    async create(path, { name, tags = [], exclusive = false, input } = {}) {
      const { file, subject } = await asRequest(() => loadDefinition(cli.cwd, path));
      const { deployed } = await asRequest(async () =>
        deployVersion(place, {
          name: deploymentName(name ?? subject.name),
          path,
          file,
          subject,
          project: await workflowProject(file, undefined),
          createdAt: cli.clock.now(),
          defaults: input,
          tags: tags.map((tag) => ({ tag: requireTag(tag), exclusive })),
        }),
      );
      return infoOf(deployed);
    },
    async invoke(flow, input, { key, ...which } = {}) {
      const version = await deployments.get(flow, which);
      const start = startOfVersion(version, input);
      const { subject } = await loadPinned(place, version, start.settings);
      const begin = () =>
        runtime.start(subject, start.input ?? noInputOf(subject), {
          meta: metaOf(version, start.settings),
          ...(key === undefined ? {} : { key }),
        });
      return executions().get(await startOnce({ journal: runtime.journal, clock: cli.clock }, key, begin));
    },
    tag: async (flow, version, tag, { exclusive = false } = {}) =>
      infoOf(await deployments.tag(flow, version, { tag: requireTag(tag), exclusive })),
    untag: async (flow, version, tag) => infoOf(await deployments.untag(flow, version, tag)),
    async delete(flow, version) {
      await deployments.delete(flow, version);
      await deleteUnusedCode(place, runtime.journal);
    },
  };
}

const infoOf = ({
  name,
  version,
  tags,
  exclusive,
  createdAt,
  bundle,
  schema,
  commit,
  dirty,
}: VersionView): DeploymentInfo => ({
  flow: name,
  version,
  tags,
  exclusive_tags: exclusive,
  created_at: createdAt,
  hash: bundle,
  ...(isJsonObject(schema) ? { input_schema: schema } : {}),
  ...(commit === undefined ? {} : { commit_sha: commit }),
  ...(dirty === undefined ? {} : { commit_dirty: dirty }),
});
