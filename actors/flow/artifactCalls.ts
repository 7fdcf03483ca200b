/** `ctx.save` and `ctx.load`: values beside the results of checkpoints. */
import type { FlowArtifactRecord } from '../../src/contracts/flow/record.ts';
import { artifactId } from '../../src/flow/artifactId.ts';
import { requireCallName } from '../../src/flow/checkpoint.ts';
import type { ArtifactRef, SaveOptions } from '../../src/flow/context.ts';
import { describeValue } from '../../src/values/explain.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { checkpointOf } from './flowScope.ts';
import type { FlowArtifacts } from './deps.ts';
import type { FlowBody } from './flowBody.ts';
import { saveOptions } from './saveOptions.ts';

/** The parts of a context for artifacts. */
export function artifactCalls(run: FlowBody) {
  const store = (): FlowArtifacts => {
    const artifacts = run.deps.artifacts?.(run.scope);
    if (artifacts) return artifacts;
    throw new TroupeError('unsupported', 'This runtime keeps no artifacts.');
  };

  async function save(name: string, value: unknown, options: SaveOptions = {}): Promise<ArtifactRef> {
    const call = checkpointOf(run, `ctx.save("${name}")`);
    requireCallName('An artifact', name);
    const given = saveOptions(name, options);
    const { type } = given;
    const stored = await store().save(name, value, given);
    const record: FlowArtifactRecord = {
      record: 'artifact',
      id: artifactId(run.start.path === undefined ? '' : `${run.start.path}/`, call.id, name),
      call: call.id,
      name,
      at: run.clock.now(),
      ...stored,
    };
    call.notes.artifacts.push(record);
    const { id, hash, bytes } = record;
    return { run: run.executionId, id, name, type, hash, bytes };
  }

  async function load(executionId: string, name: string): Promise<unknown> {
    const call = checkpointOf(run, `ctx.load("${name}")`);
    requireText('the id of a run', executionId);
    requireText('the name of what is loaded', name);
    const unstored = executionId === run.executionId ? call.notes.artifacts : [];
    const { ref, value } = await store().load(executionId, name, unstored);
    call.notes.loaded.add(`${ref.run}/${ref.id}`);
    return value;
  }

  return { save, load };
}

/** From JavaScript anything may come. Throws `invalid`. */
function requireText(what: string, given: unknown): void {
  if (typeof given === 'string' && given.trim() !== '') return;
  throw new TroupeError(
    'invalid',
    `ctx.load(run, name) needs ${what}; got ${given === '' ? 'an empty text' : describeValue(given)}.`,
  );
}
