/** A model that answers by a script and refuses every request that the script does not expect: for tests and examples. */
import { requireOptions } from '../../values/options.ts';
import type { Json } from '../../values/json.ts';
import type { FinishReason, Message, Model, ModelPart, ModelRequest, Usage } from '../../contracts/model.ts';
import { difference } from '../difference.ts';
import { knownJson } from '../jsonValues.ts';
import { errorOfFault, untilAborted, type ScriptedFault } from './fault.ts';
import { shortText, Script, type ScriptCondition } from './script.ts';

/** Which requests a step answers: those whose latest message contains a text or matches a pattern, that have these properties (or whose latest message has them), or for which a function returns true. */
export type ScriptedModelCondition =
  string | RegExp | Partial<ModelRequest> | Partial<Message> | ((request: ModelRequest) => boolean);

/** What the model does for one request. */
export interface ScriptedModelStep extends ScriptCondition<ScriptedModelCondition> {
  /** Refuses the request unless its latest message contains this text or matches this pattern; no condition by default. */
  readonly expect?: string | RegExp;
  /** The reasoning before the text; none by default. */
  readonly reasoning?: string;
  /** The text of the answer; empty by default. */
  readonly text?: string;
  /** The tool calls of the answer; none by default. */
  readonly calls?: readonly {
    /** The name of the tool that is called. */
    readonly name: string;
    /** The arguments of the call; `{}` by default. */
    readonly input?: Json;
    /** The id of the call; a different one for each call by default. */
    readonly id?: string;
    /** Arguments that are no JSON, as the model wrote them; instead of `input`. */
    readonly unreadable?: string;
  }[];
  /** In how many parts the text is streamed; 2 by default. */
  readonly chunks?: number;
  /** What the request used: by default 10 input tokens, 5 output tokens and no cost. */
  readonly usage?: Partial<Usage>;
  /** Why the answer ends; by default `calls` when it has calls, otherwise `stop`. */
  readonly reason?: FinishReason;
  /** Fails after half of the text; no failure by default. @example { error: { status: 429, retryAfter: '30s' } } */
  readonly error?: ScriptedFault;
  /** Ends the stream after half of the text, without a finish; false by default. */
  readonly half?: boolean;
  /** Streams nothing until it is stopped; with `half`, nothing more after half of the text. False by default. */
  readonly hang?: boolean;
}
/** A step, or a function that makes one for the request. */
export type ScriptedModelEntry = ScriptedModelStep | ((request: ModelRequest) => ScriptedModelStep);

/** A model that answers by a script. */
export interface ScriptedModel extends Model, Disposable {
  /** Every request that it got, oldest first. */
  readonly requests: readonly ModelRequest[];
  /** Throws `invalid` when a request was not expected, or steps are left. `using model = …` does the same at the end of the block. */
  assertDone(): void;
}

/**
 * Makes a scripted model. Steps without `when` answer one request each, in order; a step with `when` answers the requests that fit. A function
 * instead of steps answers every request by its conversation, so it also works after a restart. `id`: the model's id, `scripted:model` by default.
 * @example using model = scriptedModel([{ calls: [{ name: 'search', input: { q: 'actors' } }] }, { when: /found/, text: 'Here it is.' }])
 */
export function scriptedModel(
  steps: readonly ScriptedModelEntry[] | ((request: ModelRequest) => ScriptedModelStep),
  options: {
    /** The id of the model, `provider:model`. */
    readonly id?: string;
  } = {},
): ScriptedModel {
  requireOptions('scriptedModel', options, { id: true });
  const { id = 'scripted:model' } = options;
  const who = id === 'scripted:model' ? 'The scripted model' : `The scripted model "${id}"`;
  const requests: ModelRequest[] = [];
  const script = new Script<ModelRequest, ScriptedModelCondition, ScriptedModelStep>(steps, {
    who,
    fits,
    show: ending,
  });

  function next(request: ModelRequest): ScriptedModelStep {
    requests.push(request);
    const step = script.next(request);
    const { expect } = step;
    if (expect === undefined || holds(expect, latestIn(request))) return step;
    return script.refuse(
      request,
      `its step expects ${shortText(expect)} in the latest message\n${difference(typeof expect === 'string' ? expect : String(expect), latestIn(request))}`,
    );
  }

  const assertDone = () => script.assertDone();
  return {
    id,
    requests,
    async *stream(request, { signal }): AsyncGenerator<ModelPart> {
      const step = next(request);
      const { reasoning, text = '', chunks = 2, error, half, hang } = step;
      if (hang && !half) await untilAborted(who, signal);
      if (reasoning !== undefined) yield { type: 'reasoning', text: reasoning };
      const parts = split(text, chunks);
      for (const part of half || error ? parts.slice(0, Math.floor(parts.length / 2)) : parts)
        yield { type: 'text', text: part };
      if (hang) await untilAborted(who, signal);
      if (error) throw errorOfFault(who, error);
      if (half) return;
      yield* callsOf(step, request);
      yield finishOf(step, id);
    },
    assertDone,
    [Symbol.dispose]: assertDone,
  };
}

function* callsOf({ calls = [] }: ScriptedModelStep, { messages }: ModelRequest): Generator<ModelPart> {
  for (const [index, { id = `call_${messages.length}_${index}`, name, input = {}, unreadable }] of calls.entries())
    yield {
      type: 'call',
      call: { id, name, ...(unreadable === undefined ? { input: knownJson(input) } : { input: null, unreadable }) },
    };
}

const finishOf = (
  { calls = [], reason = calls.length > 0 ? 'calls' : 'stop', usage }: ScriptedModelStep,
  model: string,
) =>
  ({
    type: 'finish',
    reason,
    usage: { inputTokens: 10, outputTokens: 5, cachedTokens: 0, reported: true, usd: 0, ...usage },
    model,
  }) satisfies ModelPart;

function fits(when: ScriptedModelCondition, request: ModelRequest): boolean {
  if (typeof when === 'function') return when(request);
  if (typeof when === 'string' || when instanceof RegExp) return holds(when, latestIn(request));
  return within(when, request.messages.at(-1)) || within(when, request);
}

/** Does the whole have every property of the part? Texts may match a pattern; the items of a list may be in any place. */
function within(part: unknown, whole: unknown): boolean {
  if (part instanceof RegExp) return typeof whole === 'string' && holds(part, whole);
  if (Array.isArray(part))
    return Array.isArray(whole) && part.every((one) => whole.some((other) => within(one, other)));
  if (typeof part !== 'object' || part === null) return part === whole;
  if (typeof whole !== 'object' || whole === null) return false;
  const properties: Readonly<Record<string, unknown>> = { ...whole };
  return Object.entries(part).every(([key, inner]) => within(inner, properties[key]));
}

/** A pattern with the flag g or y keeps its last position; `search` ignores it. */
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
