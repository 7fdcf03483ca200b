/** `troupe deployments list`, `show`, `tag`, `untag` and `delete`. */
import { shortenHash } from '../output/shortenHash.ts';
import { deploymentName, parseDeployment, type VersionChoice } from '../../deployments/names.ts';
import type { VersionView } from '../../deployments/record.ts';
import type { Journal } from '../../journal/journal.ts';
import { asJson, type Json } from '../../values/json.ts';
import type { Cli } from '../cli.ts';
import { deploymentPlace, type DeploymentPlaceOptions } from '../deploymentPlace.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { deleteUnusedCode } from '../unusedCode.ts';
import { formatTime, writeJson, writeMessage, writeTable } from '../output/write.ts';

/** Where deployments are, and how they are printed. */
export type DeploymentOptions = DeploymentPlaceOptions & Pick<CommonOptions, 'json'>;

/** Lists the versions of all deployments, or of one, newest first. */
export async function listDeployments(cli: Cli, name: string | undefined, options: DeploymentOptions): Promise<number> {
  const { deployments } = deploymentPlace(cli, options);
  const found = await deployments.list(name === undefined ? undefined : deploymentName(name));
  if (options.json) writeJson(cli.out, found.map(versionJson));
  else if (found.length === 0) writeMessage(cli, 'No deployments. Make one with: troupe deploy FILE');
  else
    writeTable(
      cli.out,
      ['DEPLOYMENT', 'VERSION', 'TAGS', 'KIND', 'CODE', 'COMMIT', 'DEPLOYED', 'FILE'],
      found.map((each) => [
        each.name,
        String(each.version),
        tagsOf(each).join(' ') || '-',
        each.kind,
        shortenHash(each.bundle),
        commitOf(each),
        formatTime(each.createdAt),
        each.source,
      ]),
    );
  return exitCodes.done;
}

/** Shows one version. */
export async function showDeployment(
  cli: Cli,
  name: string,
  options: DeploymentOptions & VersionChoice,
): Promise<number> {
  const { deployments } = deploymentPlace(cli, options);
  const { name: id, ...choice } = chosenBy(name, options);
  const found = await deployments.get(id, choice);
  if (options.json) writeJson(cli.out, versionJson(found));
  else {
    const lines: [string, string][] = [
      ['deployment', found.name],
      ['version', String(found.version)],
      ['tags', tagsOf(found).join(' ') || 'none'],
      ['defines', found.kind],
      ['file', found.source],
      ['code', found.bundle],
      ['commit', commitOf(found)],
      ['deployed', formatTime(found.createdAt)],
      ['input', found.schema === undefined ? 'not described' : JSON.stringify(found.schema)],
      ['default input', found.defaults === undefined ? 'none' : JSON.stringify(found.defaults)],
    ];
    for (const [what, says] of lines) cli.out.write(`${what.padEnd(14)}${says}\n`);
  }
  return exitCodes.done;
}

/** Puts a tag on a version. */
export async function tagDeployment(
  cli: Cli,
  name: string,
  tag: string,
  options: DeploymentOptions & { version: number; exclusive?: boolean },
): Promise<number> {
  const { deployments } = deploymentPlace(cli, options);
  const change = { tag, exclusive: options.exclusive ?? false };
  const found = await deployments.tag(deploymentName(name), options.version, change);
  return told(cli, options, found, `Version ${found.version} of "${found.name}" has the tag "${tag}".`);
}

/** Takes a tag from a version. */
export async function untagDeployment(
  cli: Cli,
  name: string,
  tag: string,
  options: DeploymentOptions & { version: number },
): Promise<number> {
  const { deployments } = deploymentPlace(cli, options);
  const found = await deployments.untag(deploymentName(name), options.version, tag);
  return told(cli, options, found, `Version ${found.version} of "${found.name}" no longer has the tag "${tag}".`);
}

/** Deletes a version or all of them, and code that neither a version nor a run needs; with `code`, also that of runs. */
export async function deleteDeployment(
  cli: Cli,
  name: string,
  options: DeploymentOptions & { version?: number; all?: boolean; code?: boolean },
): Promise<number> {
  const { version, all } = options;
  if ((version === undefined) === !all)
    throw new UsageError('Say what is to be deleted: one version with --version, or the deployment with --all.');
  const place = deploymentPlace(cli, options);
  const { deployments, bundles } = place;
  const id = deploymentName(name);
  // Before anything is deleted: what cannot be opened may have runs that need the code.
  await using runs = await openRuns(cli, options);
  const gone = (await deployments.list(id)).filter((each) => all || each.version === version);
  await (version === undefined ? deployments.deleteAll(id) : deployments.delete(id, version));
  const used = new Set((await deployments.list()).map(({ bundle }) => bundle));
  const forced = options.code ? gone.map(({ bundle }) => bundle).filter((bundle) => !used.has(bundle)) : [];
  for (const bundle of forced) await bundles.delete(bundle);
  const code = [...new Set([...forced, ...(await deleteUnusedCode(place, runs.journal))])];
  const isDeleted = gone.every(({ bundle }) => code.includes(bundle));
  if (options.json) writeJson(cli.out, { name: id, deleted: gone.map((each) => each.version), code });
  else
    writeMessage(
      cli,
      `Deleted ${version === undefined ? `"${id}" with ${gone.length} versions` : `version ${version} of "${id}"`}. ${isDeleted ? `Its code is deleted, too${options.code ? ': its runs cannot go on' : ''}.` : gone.some(({ bundle }) => used.has(bundle)) ? 'Its code is kept: other versions have it.' : 'Its code is kept, so that its runs can go on.'}`,
    );
  return exitCodes.done;
}

/** The runs of these deployments; none where there is no journal. */
async function openRuns(
  cli: Cli,
  options: DeploymentPlaceOptions,
): Promise<{ readonly journal: Pick<Journal, 'find'> } & AsyncDisposable> {
  // What is wrong with the options was told when the place was made; a journal that is named and is not there has no runs.
  const journal = await existingJournalOptions(cli, options).catch(() => undefined);
  if (!journal || journal.db === 'memory')
    return { journal: { find: async () => [] }, [Symbol.asyncDispose]: async () => {} };
  const runtime = await cli.open(journal);
  return { journal: runtime.journal, [Symbol.asyncDispose]: () => runtime.close() };
}

/** `desk@canary` and the options may name a version; both together are too many. Throws `invalid` or `UsageError`. */
export function chosenBy(name: string, { version, tag }: VersionChoice): { name: string } & VersionChoice {
  const named = parseDeployment(name);
  const count = [version, tag, named.version ?? named.tag].filter((each) => each !== undefined).length;
  if (count > 1) throw new UsageError('Name one version: by --version, by --tag, or after the @ of the name.');
  return {
    name: named.name,
    ...(version === undefined ? {} : { version }),
    ...(tag === undefined ? {} : { tag }),
    ...(named.version === undefined ? {} : { version: named.version }),
    ...(named.tag === undefined ? {} : { tag: named.tag }),
  };
}

/** A version as programs read it. */
export function versionJson(found: VersionView): Json {
  const { createdAt, ...more } = found;
  return asJson({ ...more, createdAt: new Date(createdAt).toISOString() });
}

function told(cli: Cli, { json }: DeploymentOptions, found: VersionView, message: string): number {
  if (json) writeJson(cli.out, versionJson(found));
  else writeMessage(cli, message);
  return exitCodes.done;
}

/** Those that move have a star. */
const tagsOf = ({ tags, exclusive }: VersionView): string[] => [...exclusive.map((tag) => `${tag}*`), ...tags];
const commitOf = ({ commit, dirty }: VersionView): string =>
  commit === undefined ? '-' : `${shortenHash(commit)}${dirty ? ' changed' : ''}`;
