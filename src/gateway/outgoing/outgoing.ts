/**
 * The one outgoing form: what a transcript and a list of tools become on their way to any provider, and a call on its way back. What one provider
 * refuses, none is sent.
 */
import type { LanguageModelV3CallOptions } from '@ai-sdk/provider';
import type { ModelRequest } from '../../contracts/model.ts';
import { promptMaker } from './prompt.ts';
import type { Target } from './target.ts';
import { outgoingTools, type OutgoingTools } from './tools.ts';

/** A request as the AI SDK takes it, and the way back for the calls of its answer. */
export interface OutgoingRequest extends Pick<OutgoingTools, 'ownName' | 'ownInput'> {
  /** The conversation and the tools. */
  readonly options: Pick<LanguageModelV3CallOptions, 'prompt' | 'tools' | 'toolChoice'>;
}

/** Makes requests to one model. A message that was sent before is not converted again. */
export function outgoing(target: Target): (request: ModelRequest) => OutgoingRequest {
  const promptOf = promptMaker(target);
  return (request) => {
    const { tools, ownName, ownInput } = outgoingTools(request.tools, target);
    return {
      options: {
        prompt: promptOf(request),
        ...(tools.length === 0 ? {} : { tools: [...tools], toolChoice: { type: 'auto' } }),
      },
      ownName,
      ownInput,
    };
  };
}
