/** The artifacts of a run: what its checkpoints have saved, and what its calls have given. */
import { createHash } from 'node:crypto';
import type { FlowArtifactRecord, FlowCallRecord } from '../../contracts/flow/record.ts';
import type { ContentRecord } from '../../flow/artifactContent.ts';
import { artifactId, prefixOf, savedArtifactId } from '../../flow/artifactId.ts';
import type { Journal } from '../../journal/journal.ts';
import { flowRecordsOf, type FlowRecords } from './flowRecords.ts';

/** An artifact, and where its content is. */
export interface LoadableArtifact {
  /** The run that has it: another one for what a replay has taken from the run that it replays. */
  readonly run: string;
  /** Unique in its run: the call, and the name. */
  readonly id: string;
  /** The call, with those that its flow is a child of: `draft/write`. */
  readonly call: string;
  /** The name of the call; the same for several that are repeated. */
  readonly callName: string;
  /** `output` for what a call has given. */
  readonly name: string;
  /** Undefined for what a call has given. */
  readonly saved: FlowArtifactRecord | undefined;
  readonly at: number;
  readonly content: () => ContentRecord;
}

/** The name of the artifact that a call gives. */
const outputName = 'output';

/** All artifacts of a run, in the order in which they were made. One that was made again, because its call was performed again, is there once. */
export async function loadableArtifacts(
  journal: Pick<Journal, 'ledger' | 'list'>,
  run: string,
): Promise<readonly LoadableArtifact[]> {
  const found = new Map<string, LoadableArtifact>();
  for (const flow of await flowRecordsOf(journal, run)) {
    const own = new Set(
      flow.records.flatMap((record) => (record.record === 'artifact' ? [savedArtifactId(record)] : [])),
    );
    // A replay that has written down what it took has it itself.
    for (const artifact of await takenFrom(journal, flow))
      if (!own.has(artifact.id)) found.set(`${artifact.run}/${artifact.id}`, artifact);
    for (const artifact of madeIn(run, flow)) {
      // What was made again comes last.
      found.delete(`${run}/${artifact.id}`);
      found.set(`${run}/${artifact.id}`, artifact);
    }
  }
  return [...found.values()];
}

function madeIn(run: string, { prefix, records }: FlowRecords): LoadableArtifact[] {
  const names = new Map(
    records.flatMap((record) => (record.record === 'call' ? [[record.id, record.name]] : [])) as [
      string,
      string | undefined,
    ][],
  );
  return records.flatMap((record): LoadableArtifact[] => {
    if (record.record === 'artifact') return [savedArtifact(run, record, names.get(record.call) ?? record.call)];
    if (record.record !== 'call' || record.kind === 'sleep' || !record.outcome.ok) return [];
    return [givenArtifact(run, prefix, record)];
  });
}

/** What a checkpoint has saved. */
export function savedArtifact(run: string, saved: FlowArtifactRecord, callName: string): LoadableArtifact {
  const { call, name, at } = saved;
  return {
    run,
    id: savedArtifactId(saved),
    call: `${prefixOf(saved)}${call}`,
    callName,
    name,
    saved,
    at,
    content: () => saved,
  };
}

const givenArtifact = (
  run: string,
  prefix: string,
  { id, name = id, at, ms, outcome }: FlowCallRecord,
): LoadableArtifact => ({
  run,
  id: artifactId(prefix, id, outputName),
  call: `${prefix}${id}`,
  callName: name,
  name: outputName,
  saved: undefined,
  at: at + ms,
  content() {
    const { output, encoded } = outcome.ok ? outcome : { output: null, encoded: undefined };
    const bytes = Buffer.from(JSON.stringify(output));
    return {
      hash: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.length,
      value: output,
      ...(encoded ? { encoded } : {}),
    };
  },
});

/** What was saved by calls whose results a replay has taken: it is still in the run that it replays. */
async function takenFrom(
  journal: Pick<Journal, 'ledger' | 'list'>,
  { replayOf, records }: FlowRecords,
): Promise<LoadableArtifact[]> {
  if (replayOf === undefined) return [];
  const taken = new Set(
    records.flatMap((record) => (record.record === 'call' && record.from === 'replay' ? [record.id] : [])),
  );
  if (taken.size === 0) return [];
  return (await loadableArtifacts(journal, replayOf)).filter(
    ({ saved, call }) => saved !== undefined && taken.has(call),
  );
}
