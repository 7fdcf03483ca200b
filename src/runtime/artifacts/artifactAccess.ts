/** Where `ctx.save` keeps artifacts and `ctx.load` finds them: small ones in the records of the run, large ones in the store of contents. */
import type { FlowArtifacts, FlowDeps } from '../../../actors/flow/deps.ts';
import type { BlobStore } from '../../blobs/blobStore.ts';
import type { EffectScope } from '../../contracts/effect.ts';
import { loadContent, saveContent } from '../../flow/artifactContent.ts';
import type { Journal } from '../../journal/journal.ts';
import { TroupeError } from '../../values/failure.ts';
import { loadableArtifacts, savedArtifact, type LoadableArtifact } from './loadableArtifacts.ts';

/** So many artifacts are named in a message. */
const named = 20;

/** The artifacts of the flows of a runtime. */
export const artifactAccess =
  (journal: Pick<Journal, 'ledger' | 'list' | 'find'>, blobs: BlobStore, redactor: NonNullable<FlowDeps['redactor']>) =>
  ({ run }: Pick<EffectScope, 'run'>): FlowArtifacts => ({
    async save(name, value, { type = 'output', tags, mediaType }) {
      const record = await saveContent(`The artifact "${name}"`, value, {
        put: (parts) => blobs.put(parts, run),
        get: (hash) => blobs.get(hash),
        redact: redactor(),
      });
      return {
        type,
        ...(tags === undefined ? {} : { tags }),
        ...(mediaType === undefined ? {} : { mediaType }),
        ...record,
      };
    },
    async load(from, name, unstored = []) {
      const stored = await loadableArtifacts(journal, from);
      const own = unstored.map((record) => savedArtifact(from, record, record.call));
      const all = [
        ...new Map([...stored, ...own].map((artifact) => [`${artifact.run}/${artifact.id}`, artifact])).values(),
      ];
      const artifact = await theOne(journal, from, name, all);
      return { ref: artifact, value: await loadContent(artifact.content(), blobs) };
    },
  });

/** The artifact that a name means: that of an artifact that was saved, or that of a call, or an id such as `draft/output`. */
async function theOne(
  journal: Pick<Journal, 'find'>,
  run: string,
  name: string,
  artifacts: readonly LoadableArtifact[],
): Promise<LoadableArtifact> {
  const exact = artifacts.find(({ id }) => id === name);
  const byName = exact ? [exact] : artifacts.filter((artifact) => fits(artifact, name));
  // As ids were written before they had escapes.
  const matches =
    byName.length > 0 ? byName : artifacts.filter((artifact) => `${artifact.call}/${artifact.name}` === name);
  const [found, ...others] = matches;
  if (!found) {
    const isThere = artifacts.length > 0 || (await journal.find({ run, limit: 1 })).length > 0;
    throw new TroupeError(
      'invalid',
      !isThere
        ? `There is no run "${run}" in this journal, so nothing of it can be loaded.`
        : `The run "${run}" has no artifact "${name}". ${artifacts.length === 0 ? 'It has none.' : `There are: ${listed(artifacts)}.`}`,
    );
  }
  if (others.length > 0)
    throw new TroupeError(
      'invalid',
      `${matches.length} artifacts of the run "${run}" have the name "${name}": ${listed(matches)}. Load one by its id, such as "${found.id}".`,
    );
  return found;
}

const fits = ({ saved, name, call, callName }: LoadableArtifact, wanted: string): boolean =>
  saved ? name === wanted : call === wanted || callName === wanted;

function listed(artifacts: readonly LoadableArtifact[]): string {
  const shown = artifacts
    .slice(0, named)
    .map(({ id, call, saved }) => `${id} (call ${call}, ${saved ? 'manual' : 'output'})`);
  const more = artifacts.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
