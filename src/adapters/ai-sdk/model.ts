/** A model of the AI SDK whose calls are checkpoints of a flow. */
import type { LanguageModel } from 'ai';
import type { FlowContext } from '../../flow/context.ts';
import { TroupeError } from '../../values/failure.ts';
import { modelCapture } from '../capture.ts';
import { withModelErrors } from '../modelError.ts';
import { recordedCall, type FrameworkCall } from '../savePoint.ts';
import { modelFacts } from '../modelFacts.ts';
import type { RecordingPolicy } from '../toolPolicy.ts';

/** A model object of the AI SDK, of any version of its specification. */
export type AiSdkModel = Exclude<LanguageModel, string>;

/** How the calls of a model or of tools are recorded. */
export interface AiSdkRecording extends RecordingPolicy {
  /** The name of the agent: its calls of models are named after it. */
  readonly agent: string;
}

/** What this adapter reads of a call and of an answer, in every version of the specification. */
interface CallParameters {
  readonly prompt: unknown;
  readonly abortSignal?: AbortSignal | undefined;
}
interface Answer {
  readonly content?: unknown;
  readonly finishReason?: unknown;
  readonly usage?: unknown;
  readonly response?: { readonly modelId?: string; readonly id?: string; readonly timestamp?: Date };
}
interface StreamedAnswer {
  readonly stream: ReadableStream<StreamedPart>;
}
/** A part of a stream; `error` is what the provider could not do. */
interface StreamedPart {
  readonly type: string;
  readonly error?: unknown;
  readonly usage?: unknown;
}

/** The same model: each of its calls is a checkpoint `<agent>_model`. A streamed answer is given once all of it is recorded. */
export function durableModel<M extends AiSdkModel>(ctx: FlowContext, model: M, policy: AiSdkRecording): M {
  if (typeof model !== 'object')
    throw new TroupeError(
      'definition',
      `The agent "${policy.agent}" needs the object of a model, such as openai("gpt-5-mini"), and not its name; got ${JSON.stringify(model)}.`,
    );
  // The specifications differ in types that pass through here unchanged.
  const inner = model as unknown as {
    doGenerate(parameters: CallParameters): PromiseLike<Answer>;
    doStream(parameters: CallParameters): PromiseLike<StreamedAnswer>;
  };

  const call = <T extends object>(
    parameters: CallParameters,
    run: (parameters: CallParameters) => Promise<T>,
    usageOf: (answer: T) => unknown,
  ): FrameworkCall<T> => ({
    name: `${policy.agent}_model`,
    options: { type: 'llm_call', ...policy.checkpoints?.model },
    given: identifying(model.modelId, parameters),
    run: ({ signal }) => withModelErrors(() => run({ ...parameters, abortSignal: anySignal(signal, parameters) })),
    facts: (answer) => ({ llm_calls: modelFacts({ model: model.modelId, usage: usageOf(answer) }) }),
    captured: (answer, isRecorded) =>
      modelCapture(policy.capture ?? {}, { prompt: parameters.prompt, response: answer, isRecorded }),
  });

  const doGenerate = (parameters: CallParameters): Promise<Answer> =>
    recordedCall(
      ctx,
      call(
        parameters,
        async (given) => recordedPart(await inner.doGenerate(given)),
        ({ usage }) => usage,
      ),
    );

  async function doStream(parameters: CallParameters): Promise<StreamedAnswer> {
    const { parts } = await recordedCall(
      ctx,
      call(
        parameters,
        async (given) => ({ parts: await allParts(await inner.doStream(given)) }),
        (answer) => answer.parts.find(({ usage }) => usage !== undefined)?.usage,
      ),
    );
    return { stream: streamOf(parts) };
  }

  // A model is often an instance of a class, with getters that do not look at `this` alone.
  return new Proxy(model, {
    get: (_, property) => {
      if (property === 'doGenerate') return doGenerate;
      if (property === 'doStream') return doStream;
      return Reflect.get(model, property, model) as unknown;
    },
  });
}

/** What identifies a call: what it asks, and not how it is transported. */
function identifying(model: string, parameters: object): object {
  const { abortSignal: _, headers: __, ...asked } = parameters as Record<string, unknown>;
  return { model, ...asked };
}

/** An answer without the bodies and headers of HTTP. */
function recordedPart<T extends Answer>({ response, ...answer }: T & { readonly request?: unknown }): Answer {
  const { request: _, ...kept } = answer;
  const { id, modelId, timestamp } = response ?? {};
  return {
    ...kept,
    ...(response
      ? {
          response: {
            ...(id === undefined ? {} : { id }),
            ...(modelId === undefined ? {} : { modelId }),
            ...(timestamp === undefined ? {} : { timestamp }),
          },
        }
      : {}),
  };
}

async function allParts({ stream }: StreamedAnswer): Promise<StreamedPart[]> {
  const parts: StreamedPart[] = [];
  for await (const part of stream) {
    if (part.type === 'error') throw part.error;
    if (part.type !== 'raw') parts.push(part);
  }
  return parts;
}

const streamOf = <T>(parts: readonly T[]): ReadableStream<T> =>
  new ReadableStream<T>({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });

const anySignal = (signal: AbortSignal, { abortSignal }: CallParameters): AbortSignal =>
  abortSignal ? AbortSignal.any([signal, abortSignal]) : signal;
