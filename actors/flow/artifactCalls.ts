/** `ctx.save` and `ctx.load`: values beside the results of checkpoints. */
import { artifactTypes, type FlowArtifactRecord } from '../../src/contracts/flow/record.ts';
import { artifactId } from '../../src/flow/artifactId.ts';
import { requireCallName } from '../../src/flow/checkpoint.ts';
import type { ArtifactRef, SaveOptions } from '../../src/flow/context.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { requireOptions, type OptionNames } from '../../src/values/options.ts';
import { checkpointOf } from './flowScope.ts';
import type { FlowArtifacts } from './deps.ts';
import type { FlowBody } from './flowBody.ts';

const saveOptionNames: OptionNames<SaveOptions> = { type: true, tags: true, mediaType: true };

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
    requireOptions('ctx.save', options, saveOptionNames);
    const type = options.type ?? 'output';
    if (!artifactTypes.includes(type))
      throw new TroupeError(
        'invalid',
        `An artifact is one of ${artifactTypes.join(', ')}; got ${JSON.stringify(options.type)}.`,
      );
    const stored = await store().save(name, value, { ...options, type });
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
    const unstored = executionId === run.executionId ? call.notes.artifacts : [];
    const { ref, value } = await store().load(executionId, name, unstored);
    call.notes.loaded.add(`${ref.run}/${ref.id}`);
    return value;
  }

  return { save, load };
}
