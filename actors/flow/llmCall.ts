/** `ctx.llm`: a text of a model, as a checkpoint of its own in a body, or as a part of the checkpoint that it is called in. */
import type { ArtifactType } from '../../src/contracts/flow/record.ts';
import type { LlmMessage, LlmOptions } from '../../src/flow/context.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { requireOptions, type OptionNames } from '../../src/values/options.ts';
import { artifactCalls } from './artifactCalls.ts';
import { currentCheckpoint, type PerformedCall } from './flowScope.ts';
import type { CheckpointCalls } from './checkpointCalls.ts';
import type { FlowBody } from './flowBody.ts';

const llmOptionNames: OptionNames<LlmOptions> = {
  model: true,
  system: true,
  temperature: true,
  maxTokens: true,
  name: true,
};

/** Characters of what is kept of a prompt or an answer that cannot be saved whole. */
const longestFallback = 10_000;

/** A name as the id of a call: what is no letter, digit, `_` or `-` becomes `_`. */
const callName = (name: string): string => {
  const id = name.trim().replace(/[^\p{L}\p{N}_-]+/gu, '_');
  if (id === '') throw new TroupeError('invalid', 'The name of a model call is empty.');
  return /^\d/.test(id) ? `llm_${id}` : id;
};

/** The part of a context for models. */
export function llmCall(run: FlowBody, checkpoints: CheckpointCalls) {
  const { save } = artifactCalls(run);

  async function ask(
    prompt: string | readonly LlmMessage[],
    options: LlmOptions,
    name: string,
    key: string,
    signal: AbortSignal,
  ): Promise<string> {
    if (!run.deps.llm) throw new TroupeError('unsupported', 'This runtime has no models.');
    const { scope } = run;
    const { actor, run: id, clock, deadline } = scope;
    const { model = run.defaults.model, ...rest } = options;
    const { text, messages, facts } = await run.deps.llm(prompt, model === undefined ? rest : { ...rest, model }, {
      key,
      signal,
      clock,
      actor,
      run: id,
      deadline,
      progress: (note) => scope.progress(note),
    });
    currentCheckpoint()?.log({ llm_calls: { [name]: facts } });
    if (run.deps.artifacts) {
      await saveSafely(`${name}_prompt`, messages, 'prompt');
      await saveSafely(`${name}_response`, text, 'response');
    }
    return text;
  }

  /** What is saved beside an answer is for people: when it cannot be saved, the answer is given all the same. The beginning of its text needs no store. */
  async function saveSafely(name: string, value: unknown, type: ArtifactType): Promise<void> {
    try {
      await save(name, value, { type });
    } catch {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      await save(name, text.slice(0, longestFallback), { type: 'blob' }).catch(() => {});
    }
  }

  return async (prompt: string | readonly LlmMessage[], options: LlmOptions = {}): Promise<string> => {
    requireOptions('ctx.llm', options, llmOptionNames);
    const at: PerformedCall | undefined = currentCheckpoint();
    if (at?.owner === run && !at.scope) {
      const name = at.modelNames.next(options.name === undefined ? undefined : callName(options.name));
      return ask(prompt, options, name, `${run.keyOf(at.id)}/${name}`, at.signal);
    }
    const pending = checkpoints.make({
      name: options.name === undefined ? 'llm' : callName(options.name),
      options: { type: 'llm_call' },
      call: {},
      work: ({ id, key, signal }) => ask(prompt, options, id, key, signal),
    });
    return (await pending.promise) as string; // What `ask` gives.
  };
}
