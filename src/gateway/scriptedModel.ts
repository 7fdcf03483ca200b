/** A model that says what it was told to say, and complains about everything that was not expected: for tests and examples. */
import { TroupeError, type FailureKind } from '../contracts/failure.ts';
import type { Json } from '../contracts/json.ts';
import type { Model, ModelPart, ModelRequest, Usage } from '../contracts/model.ts';

export interface ScriptStep {
  /** Refuses the request unless its latest message holds this. */
  readonly expect?: string | RegExp;
  readonly text?: string;
  readonly calls?: readonly {
    readonly name: string;
    readonly input?: Json;
    readonly id?: string;
    readonly unreadable?: string;
  }[];
  /** Parts the text comes in; two unless told otherwise. */
  readonly chunks?: number;
  readonly usage?: Partial<Usage>;
  /** Fails instead; with `half`, after half of the text. */
  readonly error?: { readonly kind?: FailureKind; readonly message?: string; readonly retryAfter?: number };
  /** Ends after half of the text, without a word. */
  readonly half?: boolean;
  /** Says nothing until it is stopped. */
  readonly hang?: boolean;
}
export type ScriptEntry = ScriptStep | ((request: ModelRequest) => ScriptStep);

export interface ScriptedModel extends Model {
  /** Every request it was given. */
  readonly requests: readonly ModelRequest[];
  /** Throws when steps are left that nobody asked for. */
  assertConsumed(): void;
}

/**
 * Steps in order, each for one call; or one function for every call, which goes by the conversation and so survives a restart.
 * @example scriptedModel([{ calls: [{ name: 'search', input: { q: 'actors' } }] }, { text: 'Found it.' }])
 */
export function scriptedModel(
  script: readonly ScriptEntry[] | ((request: ModelRequest) => ScriptStep),
  { id = 'scripted:model' } = {},
): ScriptedModel {
  const requests: ModelRequest[] = [];

  function next(request: ModelRequest): ScriptStep {
    const entry = typeof script === 'function' ? script : script[requests.length];
    if (!entry)
      throw unexpected(
        `it has ${requests.length === 1 ? 'one step' : `${requests.length} steps`}, and this is call ${requests.length + 1}`,
        request,
      );
    requests.push(request);
    const step = typeof entry === 'function' ? entry(request) : entry;
    if (step === undefined) throw unexpected('its function gave no step', request);
    const { expect } = step;
    const latest = latestIn(request);
    const fits = expect === undefined || (typeof expect === 'string' ? latest.includes(expect) : expect.test(latest));
    if (!fits)
      throw unexpected(
        `step ${requests.length} expects ${typeof expect === 'string' ? JSON.stringify(expect) : String(expect)}`,
        request,
      );
    return step;
  }

  return {
    id,
    requests,
    async *stream(request, { signal }): AsyncGenerator<ModelPart> {
      const step = next(request);
      if (step.hang)
        await new Promise((_, reject) =>
          signal.addEventListener(
            'abort',
            () => reject(new TroupeError('cancelled', 'The scripted model was stopped.')),
            { once: true },
          ),
        );
      const { text = '', calls = [], chunks = 2, error } = step;
      const parts = split(text, chunks);
      for (const part of step.half || error ? parts.slice(0, Math.floor(parts.length / 2)) : parts)
        yield { type: 'text', text: part };
      if (error)
        throw new TroupeError(error.kind ?? 'transient', error.message ?? 'The scripted model fails here.', {
          retryAfter: error.retryAfter,
        });
      if (step.half) return;
      for (const [
        index,
        { id: call = `call_${request.messages.length}_${index}`, name, input = {}, unreadable },
      ] of calls.entries()) {
        yield {
          type: 'call',
          call: {
            id: call,
            name,
            input: (unreadable === undefined ? input : null) as never,
            ...(unreadable === undefined ? {} : { unreadable }),
          },
        };
      }
      const usage = { inputTokens: 10, outputTokens: 5, cachedTokens: 0, reported: true, usd: 0, ...step.usage };
      yield { type: 'finish', reason: calls.length > 0 ? 'calls' : 'stop', usage, model: id };
    },
    assertConsumed() {
      if (typeof script === 'function' || requests.length >= script.length) return;
      throw new TroupeError(
        'invalid',
        `The script of ${id} has ${script.length} steps, of which ${requests.length} were asked for. Left: ${script
          .slice(requests.length)
          .map((step) => (typeof step === 'function' ? 'a function' : JSON.stringify(step)))
          .join(', ')}.`,
      );
    },
  };
}

const latestIn = ({ messages }: ModelRequest): string => {
  const latest = messages.at(-1);
  if (!latest) return '';
  return latest.role === 'tool' ? latest.results.map(({ content }) => content).join('\n') : latest.text;
};

const unexpected = (why: string, request: ModelRequest) =>
  new TroupeError(
    'invalid',
    `The scripted model was not ready for this call: ${why}. The conversation ended with (${request.messages.at(-1)?.role ?? 'nothing'}): ${latestIn(request).slice(-400)}`,
  );

function split(text: string, chunks: number): string[] {
  if (text === '') return [];
  const size = Math.max(1, Math.ceil(text.length / chunks));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}
