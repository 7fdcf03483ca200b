/** A model that says what it was told to say, and complains about everything that was not expected: for tests and examples. */
import type { Json } from '../../contracts/json.ts';
import type { FinishReason, Message, Model, ModelPart, ModelRequest, Usage } from '../../contracts/model.ts';
import { difference } from '../difference.ts';
import { errorOf, forever, type Fault } from './fault.ts';
import { inWords, Script, type Conditional } from './script.ts';

/** Text or a pattern in the latest message, a few of its properties (or of the request's), or any question about the request. */
export type ModelWhen =
  string | RegExp | Partial<ModelRequest> | Partial<Message> | ((request: ModelRequest) => boolean);

export interface ScriptStep extends Conditional<ModelWhen> {
  /** Refuses the request unless its latest message holds this. */
  readonly expect?: string | RegExp;
  readonly reasoning?: string;
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
  /** Why it ends; `calls` or `stop` unless told otherwise. */
  readonly reason?: FinishReason;
  /** Fails instead, after half of the text. @example { error: { status: 429, retryAfter: '30s' } } */
  readonly error?: Fault;
  /** Ends after half of the text, without a word. */
  readonly half?: boolean;
  /** Says nothing until it is stopped; with `half`, nothing more after half of the text. */
  readonly hang?: boolean;
}
export type ScriptEntry = ScriptStep | ((request: ModelRequest) => ScriptStep);

export interface ScriptedModel extends Model, Disposable {
  /** Every request it was given. */
  readonly requests: readonly ModelRequest[];
  /** Throws `invalid` when it was called unexpectedly, or steps are left that nobody asked for. `using model = …` does the same at the end. */
  assertDone(): void;
}

/**
 * Steps in order, each for one call, those with `when` for the call they fit; or one function for every call, which goes by the
 * conversation and so survives a restart.
 * @example using model = scriptedModel([{ calls: [{ name: 'search', input: { q: 'actors' } }] }, { when: /found/, text: 'Here it is.' }])
 */
export function scriptedModel(
  steps: readonly ScriptEntry[] | ((request: ModelRequest) => ScriptStep),
  { id = 'scripted:model' } = {},
): ScriptedModel {
  const who = id === 'scripted:model' ? 'The scripted model' : `The scripted model "${id}"`;
  const requests: ModelRequest[] = [];
  const script = new Script<ModelRequest, ModelWhen, ScriptStep>(steps, { who, fits, show: ending });

  function next(request: ModelRequest): ScriptStep {
    requests.push(request);
    const step = script.next(request);
    const { expect } = step;
    if (expect === undefined || holds(expect, latestIn(request))) return step;
    return script.refuse(
      request,
      `its step expects ${inWords(expect)} in the latest message\n${difference(typeof expect === 'string' ? expect : String(expect), latestIn(request))}`,
    );
  }

  const assertDone = () => script.assertDone();
  return {
    id,
    requests,
    async *stream(request, { signal }): AsyncGenerator<ModelPart> {
      const step = next(request);
      const { reasoning, text = '', chunks = 2, error, half, hang } = step;
      if (hang && !half) await forever(who, signal);
      if (reasoning !== undefined) yield { type: 'reasoning', text: reasoning };
      const parts = split(text, chunks);
      for (const part of half || error ? parts.slice(0, Math.floor(parts.length / 2)) : parts)
        yield { type: 'text', text: part };
      if (hang) await forever(who, signal);
      if (error) throw errorOf(who, error);
      if (half) return;
      yield* callsOf(step, request);
      yield finishOf(step, id);
    },
    assertDone,
    [Symbol.dispose]: assertDone,
  };
}

function* callsOf({ calls = [] }: ScriptStep, { messages }: ModelRequest): Generator<ModelPart> {
  for (const [index, { id = `call_${messages.length}_${index}`, name, input = {}, unreadable }] of calls.entries())
    yield {
      type: 'call',
      // `Json` is zod's JSON with read-only lists.
      call: { id, name, ...(unreadable === undefined ? { input: input as never } : { input: null, unreadable }) },
    };
}

const finishOf = ({ calls = [], reason = calls.length > 0 ? 'calls' : 'stop', usage }: ScriptStep, model: string) =>
  ({
    type: 'finish',
    reason,
    usage: { inputTokens: 10, outputTokens: 5, cachedTokens: 0, reported: true, usd: 0, ...usage },
    model,
  }) satisfies ModelPart;

function fits(when: ModelWhen, request: ModelRequest): boolean {
  if (typeof when === 'function') return when(request);
  if (typeof when === 'string' || when instanceof RegExp) return holds(when, latestIn(request));
  return within(when, request.messages.at(-1)) || within(when, request);
}

/** Every property that is asked for is there: the same, or, of a text, matched. Of a list, in any place. */
function within(part: unknown, whole: unknown): boolean {
  if (part instanceof RegExp) return typeof whole === 'string' && holds(part, whole);
  if (Array.isArray(part))
    return Array.isArray(whole) && part.every((one) => whole.some((other) => within(one, other)));
  if (typeof part !== 'object' || part === null) return part === whole;
  return (
    typeof whole === 'object' &&
    whole !== null &&
    Object.entries(part).every(([key, inner]) => within(inner, (whole as Record<string, unknown>)[key]))
  );
}

/** A pattern marked g or y remembers where it was; a question about a text must not depend on the last one. */
const holds = (pattern: string | RegExp, text: string): boolean =>
  typeof pattern === 'string' ? text.includes(pattern) : text.search(pattern) >= 0;

const latestIn = ({ messages }: ModelRequest): string => {
  const latest = messages.at(-1);
  if (!latest) return '';
  return latest.role === 'tool' ? latest.results.map(({ content }) => content).join('\n') : latest.text;
};

const ending = (request: ModelRequest): string =>
  `The conversation has ${request.messages.length} messages and ended with (${request.messages.at(-1)?.role ?? 'nothing'}): ${latestIn(request).slice(-400)}`;

function split(text: string, chunks: number): string[] {
  if (text === '') return [];
  const size = Math.max(1, Math.ceil(text.length / chunks));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}
