/** A model of OpenAI Agents whose calls are checkpoints of a flow. */
import type { Model, ModelRequest, ModelResponse, StreamEvent, Usage } from '@openai/agents-core';
import type { FlowContext } from '../../flow/context.ts';
import type { JsonObject } from '../../values/json.ts';
import { modelCapture } from '../capture.ts';
import { withModelErrors } from '../modelError.ts';
import { modelFacts } from '../modelFacts.ts';
import { recordedCall, type FrameworkCall } from '../savePoint.ts';
import type { RecordingPolicy } from '../toolPolicy.ts';

/** How the calls of models and tools are recorded. */
export interface OpenAiRecording extends RecordingPolicy {
  /** The name of the agent: calls of models are named after it. */
  readonly name: string;
}

/** What is recorded of an answer: not what the provider says beside it. */
interface RecordedAnswer {
  readonly usage: JsonObject;
  readonly output: ModelResponse['output'];
  readonly responseId?: string;
}

/** The same model: each of its calls is a checkpoint `<name>_model`. A streamed answer is given once all of it is recorded. */
export function recordedModel(ctx: FlowContext, model: Model, policy: OpenAiRecording, usage: typeof Usage): Model {
  const call = <T extends object>(
    request: ModelRequest,
    run: (request: ModelRequest) => Promise<T>,
    usageOf: (answer: T) => unknown,
  ): FrameworkCall<T> => ({
    name: `${policy.name}_model`,
    options: { type: 'llm_call', ...policy.checkpoints?.model },
    given: identifying(request),
    run: ({ signal }) => {
      const either = request.signal ? AbortSignal.any([signal, request.signal]) : signal;
      return withModelErrors(() => run({ ...request, signal: either }));
    },
    facts: (answer) => ({ llm_calls: modelFacts({ usage: usageOf(answer) }) }),
    captured: (answer, isRecorded) =>
      modelCapture(policy.capture ?? {}, {
        prompt: { instructions: request.systemInstructions ?? '', input: request.input },
        response: answer,
        isRecorded,
      }),
  });

  return {
    ...(model.supportsPromptModelSelection === undefined
      ? {}
      : { supportsPromptModelSelection: model.supportsPromptModelSelection }),
    async getResponse(request) {
      const { usage: counts, ...answer } = await recordedCall(
        ctx,
        call(
          request,
          async (given) => recordedAnswer(await model.getResponse(given)),
          (recorded) => recorded.usage,
        ),
      );
      return { ...answer, usage: new usage(counts) };
    },
    async *getStreamedResponse(request) {
      const { events } = await recordedCall(
        ctx,
        call(
          request,
          async (given) => ({ events: await allOf(model.getStreamedResponse(given)) }),
          (recorded) => recorded.events.flatMap(usageIn).at(-1),
        ),
      );
      yield* events;
    },
  };
}

/** What identifies a call: what it asks, and not how it is traced. */
function identifying({ signal: _, tracing: __, ...asked }: ModelRequest): object {
  return asked;
}

const recordedAnswer = ({ usage, output, responseId }: ModelResponse): RecordedAnswer => ({
  // An instance of a class with numbers.
  usage: JSON.parse(JSON.stringify(usage)) as JsonObject,
  output,
  ...(responseId === undefined ? {} : { responseId }),
});

const usageIn = (event: StreamEvent): unknown[] => (event.type === 'response_done' ? [event.response.usage] : []);

async function allOf<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}
