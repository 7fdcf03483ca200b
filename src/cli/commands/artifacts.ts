/** `troupe artifacts`: lists the images, audio and files of a run, and saves one to a file. */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Artifact, MediaPart } from '../../contracts/media.ts';
import type { Journal } from '../../journal/journal.ts';
import { escapeControls } from '../../observe/format.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Cli } from '../cli.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { existingJournalOptions, type CommonOptions } from '../options.ts';
import { writeJson, writeMessage, writeTable } from '../output/write.ts';
import { clientOn } from '../openClient.ts';
import { actorRowsOf, rootRowOf } from '../runRows.ts';
import { saveFile } from '../saveFile.ts';
import { listFlowArtifacts, type FlowArtifactOptions } from './artifactContent.ts';
import { storedArtifacts } from '../storedLists.ts';

/** So many digits of an artifact's id are shown, and as few may name one. */
const shortLength = 12;
const shortestReference = 6;

/** The artifacts of a run, each once, with the actor that holds it. */
async function artifactsOf(journal: Journal, run: string): Promise<readonly (Artifact & { readonly at: string })[]> {
  const found = new Map<string, Artifact & { readonly at: string }>();
  for (const { actor } of await actorRowsOf(journal, run))
    for (const artifact of await storedArtifacts(journal, actor))
      if (!found.has(artifact.artifact)) found.set(artifact.artifact, { ...artifact, at: actor });
  return [...found.values()];
}

/** Lists the artifacts of a run: what it was given first, then what its actors made. */
export async function listArtifacts(cli: Cli, run: string, options: FlowArtifactOptions): Promise<number> {
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  if ((await rootRowOf(runtime.journal, run)).type === 'flow')
    return await listFlowArtifacts(cli, await clientOn(cli, runtime), run, options);
  const artifacts = (await artifactsOf(runtime.journal, run)).map(({ data: _, ...part }) => part);
  if (options.json) writeJson(cli.out, artifacts);
  else if (artifacts.length === 0) writeMessage(cli, `${run} has no artifacts.`);
  else
    writeTable(
      cli.out,
      ['ARTIFACT', 'TYPE', 'SIZE', 'NAME', 'HELD BY'],
      artifacts.map(({ artifact, mediaType, bytes, name = '', at }) => [
        artifact.slice(0, shortLength),
        mediaType,
        `${bytes} bytes`,
        name,
        at,
      ]),
    );
  return exitCodes.done;
}

/** The options of `troupe artifacts save`. */
export interface SaveArtifactOptions extends CommonOptions {
  /** The path of the file to write. */
  readonly to: string;
  /** Replaces a file that is there already; false by default. */
  readonly force?: boolean;
}

/** Saves an artifact to a file. A file that is there already is replaced only with `force`. */
export async function saveArtifact(
  cli: Cli,
  run: string,
  reference: string,
  { to, force = false, ...options }: SaveArtifactOptions,
): Promise<number> {
  const path = resolve(cli.cwd, to);
  await using runtime = await cli.open(await existingJournalOptions(cli, options));
  const { data, ...part } = artifactFor(reference, run, await artifactsOf(runtime.journal, run));
  await saveFile(path, bytesOf(data, part), { force });
  const { artifact, mediaType, bytes } = part;
  if (options.json) writeJson(cli.out, { artifact, mediaType, bytes, file: path });
  else writeMessage(cli, escapeControls(`Saved ${mediaType}, ${bytes} bytes, to ${path}.`));
  return exitCodes.done;
}

/** The artifact with this id, or whose id begins so. Throws `UsageError` when there is none, or more than one. */
function artifactFor<A extends MediaPart>(reference: string, run: string, artifacts: readonly A[]): A {
  const list = `"troupe artifacts list ${run}" shows those there are`;
  if (!/^[0-9a-f]+$/i.test(reference) || reference.length < shortestReference)
    throw new UsageError(
      `An artifact is named by its id, or by the first ${shortestReference} or more of its 64 digits; got "${reference}". ${list}.`,
    );
  const [found, ...others] = artifacts.filter(({ artifact }) => artifact.startsWith(reference.toLowerCase()));
  if (!found) throw new UsageError(`The run "${run}" has no artifact "${reference}". ${list}.`);
  if (others.length > 0)
    throw new UsageError(
      `${others.length + 1} artifacts of "${run}" begin with "${reference}". Give more digits; ${list}.`,
    );
  return found;
}

/** The bytes, which must be those that the id stands for. */
function bytesOf(data: string, { artifact }: MediaPart): Uint8Array {
  const bytes = Buffer.from(data, 'base64');
  if (createHash('sha256').update(bytes).digest('hex') === artifact) return bytes;
  throw new TroupeError(
    'corrupt',
    `The artifact ${artifact} is damaged in the journal: its bytes are others than those it was stored with. Nothing was saved; "troupe doctor" checks the journal.`,
  );
}
