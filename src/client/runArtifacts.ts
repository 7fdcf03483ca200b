/** The values that belong to a run: what its checkpoints have saved, what its calls have given, and the files that agents hold. */
import type { ArtifactInfo } from '../contracts/client/execution.ts';
import { Artifact } from '../contracts/media.ts';
import { artifactList } from '../contracts/parts.ts';
import type { ContentRecord } from '../flow/artifactContent.ts';
import { artifactId, savedArtifactId } from '../flow/artifactId.ts';
import { encodeValue } from '../flow/encode.ts';
import type { ActorRow, Journal, LedgerEntry } from '../journal/journal.ts';
import { loadableArtifacts } from '../runtime/artifacts/loadableArtifacts.ts';
import { shortName } from './actorCalls.ts';
import { callName, type FlowHistory } from './flowHistory.ts';

/** An artifact, the name of the call that made it, and where its content is. */
export interface RunArtifact {
  readonly info: ArtifactInfo;
  /** The name of the call; `info.producing_call` is its invocation id. */
  readonly callName: string;
  readonly content: () => ContentRecord;
}

/** The name of what a call has given. */
export const outputName = 'output';

/** The artifacts of the flows of a run, in the order in which they were made; with those that a replay has taken from the run that it replays. */
export async function flowArtifacts(
  journal: Pick<Journal, 'ledger' | 'list'>,
  {
    run,
    ledger,
    flows,
  }: { readonly run: string; readonly ledger: readonly LedgerEntry[]; readonly flows: readonly FlowHistory[] },
): Promise<RunArtifact[]> {
  // What was read already is not read again.
  const known = { list: journal.list, ledger: async (of: string) => (of === run ? [...ledger] : journal.ledger(of)) };
  const loads = loadsOf(run, flows);
  return (await loadableArtifacts(known, run)).map(
    ({ run: of, id, call, callName: name, name: own, saved, at, content }) => {
      const record = content();
      const info: ArtifactInfo = {
        artifact_id: `${of}/${id}`,
        exec_id: of,
        name: own,
        kind: saved?.type ?? null,
        save_type: saved ? 'manual' : 'step_output',
        producing_call: call,
        tags: [...(saved?.tags ?? [])],
        hash: record.hash,
        bytes: record.bytes,
        ...(record.mediaType === undefined ? {} : { media_type: record.mediaType }),
        created_at: at,
        // Earlier versions have noted it without escapes.
        loaded_by: [...(loads.get(`${of}/${id}`) ?? loads.get(`${of}/${call}/${own}`) ?? [])],
      };
      return { info, callName: name, content };
    },
  );
}

/** How many artifacts the flows of a run have made; what a replay has taken belongs to the run that it replays. */
export function flowArtifactCount(flows: readonly FlowHistory[]): number {
  const ids = new Set<string>();
  for (const { path, records } of flows)
    for (const { record } of records) {
      if (record.record === 'artifact') ids.add(savedArtifactId(record));
      else if (record.record === 'call' && record.kind !== 'sleep' && record.outcome.ok)
        ids.add(artifactId(path === undefined ? '' : `${path}/`, record.id, outputName));
    }
  return ids.size;
}

/** The calls of a run that have loaded an artifact, by its id. */
function loadsOf(run: string, flows: readonly FlowHistory[]): ReadonlyMap<string, ReadonlySet<string>> {
  const loads = new Map<string, Set<string>>();
  for (const { path, records } of flows)
    for (const { record } of records) {
      if (record.record !== 'call') continue;
      for (const id of record.loaded ?? [])
        loads.set(id, (loads.get(id) ?? new Set()).add(`${run}/${callName(path, record.id)}`));
    }
  return loads;
}

/** The images, audio and files that the actors of a run hold; each once. */
export async function heldArtifacts(journal: Pick<Journal, 'list'>, rows: readonly ActorRow[]): Promise<RunArtifact[]> {
  const found = new Map<string, RunArtifact>();
  const ids = new Set<string>();
  for (const { run, actor, created } of rows)
    for (const entry of await journal.list(actor, artifactList)) {
      const { artifact, mediaType, bytes, name = artifact.slice(0, 12), data } = Artifact.parse(entry);
      const call = shortName(run, actor);
      if (found.has(artifact)) continue;
      const own = `${run}/${artifactId('', call, name)}`;
      // Two files of one name are told apart by their content.
      const id = ids.has(own) ? `${own}@${artifact.slice(0, 12)}` : own;
      ids.add(id);
      const info: ArtifactInfo = {
        artifact_id: id,
        exec_id: run,
        name,
        kind: 'blob',
        save_type: 'manual',
        producing_call: call,
        tags: [],
        hash: artifact,
        bytes,
        media_type: mediaType,
        created_at: created,
        loaded_by: [],
      };
      found.set(artifact, { info, callName: call, content: () => heldContent(info, data) });
    }
  return [...found.values()];
}

function heldContent({ hash, bytes, media_type: mediaType = '' }: ArtifactInfo, data: string): ContentRecord {
  const { json } = encodeValue('An artifact', new Uint8Array(Buffer.from(data, 'base64')));
  return { content: 'bytes', hash, bytes, mediaType, value: json, encoded: true };
}
