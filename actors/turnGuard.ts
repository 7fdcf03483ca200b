/**
 * Guards one answer of a model while it is streamed. Each text in it (what it says, its reasoning, the arguments of each call) is checked by itself, from
 * its beginning to here; parts that come while a check is under way are checked together. What is held back is shown when the whole answer has passed.
 * While all of it is held back, a text is checked again when it has grown by some share, so that a long answer is not read anew with each of its words.
 */
import type { EffectScope } from '../src/contracts/effect.ts';
import type { GuardedStream } from '../src/contracts/guardrail.ts';
import type { Json } from '../src/values/json.ts';
import type { TroupeError } from '../src/values/failure.ts';
import { propertiesOf } from '../src/values/properties.ts';
import type { Guardrail } from './guardrailDefinition.ts';
import { isAboutCalls } from './guardLayers.ts';
import { streamRejection } from './streamCheck.ts';
import { speechQueue } from './speechQueue.ts';

type Said = Omit<GuardedStream, 'signal'>;

/** A text that is held back is checked again when it has grown by this share, or by so many characters: what is rejected is stopped soon. */
const growth = 1 / 16;
const mostUnchecked = 4_096;

/** What a turn is guarded with. */
export interface TurnGuardOptions {
  readonly guardrails: readonly Guardrail[];
  /** How many characters are held back until the end. */
  readonly tail: number;
  /** Shows a note that may be shown. */
  readonly show: (note: Json) => void;
  /** Stops the model. */
  readonly stop: (why: TroupeError) => void;
}

export function turnGuard({ guardrails, tail, show, stop }: TurnGuardOptions, scope: EffectScope) {
  const judges = guardrails.filter(({ checks }) => checks.stream);
  const passed = speechQueue(tail);
  const texts = { text: '', reasoning: '' };
  /** How many characters of each text were checked. */
  const checked = { text: 0, reasoning: 0 };
  let waiting: Json[] = [];
  let checking: Promise<void> | undefined;
  let rejection: TroupeError | undefined;
  /** Rises with every attempt of the model: what an earlier one said is void. */
  let attempt = 0;

  function showPassed(notes: readonly Json[]): void {
    for (const note of notes) show(note);
    // What a machine keeps of an answer that breaks off is what was shown of it.
    if (notes.length > 0) scope.soFar?.({ text: passed.shownText() });
  }

  async function checkWaiting(): Promise<void> {
    while (waiting.length > 0 && !rejection) {
      const [parts, of] = [waiting, attempt];
      waiting = [];
      checked.text = texts.text.length;
      checked.reasoning = texts.reasoning.length;
      for (const said of saidIn(parts)) {
        rejection ??= await streamRejection(said, judges, scope);
        if (rejection) return stop(rejection);
      }
      if (of === attempt) showPassed(passed.add(parts));
    }
  }

  /** The texts that these parts have changed, as they are now, and the calls among them. */
  function saidIn(parts: readonly Json[]): Said[] {
    const said: Said[] = [];
    for (const of of ['text', 'reasoning'] as const)
      if (parts.some((part) => propertiesOf(part).type === of)) said.push({ of, text: texts[of] });
    for (const part of parts) {
      const { type, call } = propertiesOf(part);
      if (type === 'call') said.push(saidByCall(call as Json));
    }
    return said;
  }

  /** Whether something of it could be shown now, or enough has come to look at it. */
  function isDue({ type }: { readonly type?: unknown }): boolean {
    if (Number.isFinite(tail) || (type !== 'text' && type !== 'reasoning')) return true;
    return texts[type].length - checked[type] >= Math.min(checked[type] * growth, mostUnchecked);
  }

  function check(): void {
    checking = (checking ?? Promise.resolve()).then(checkWaiting);
  }

  return {
    hear(part: Json): void {
      const { type, text, failure } = propertiesOf(part);
      if (isAboutCalls(part)) {
        if (failure !== undefined) startAgain();
        return scope.progress(part);
      }
      if ((type === 'text' || type === 'reasoning') && typeof text === 'string') texts[type] += text;
      if (judges.length === 0) return showPassed(passed.add([part]));
      waiting.push(part);
      if (isDue({ type })) check();
    },
    /** Resolves when the whole answer has passed, and the rest of it was shown. Rejects when it was rejected. */
    async settled(): Promise<void> {
      check();
      await checking;
      if (rejection) throw rejection;
      showPassed(passed.rest());
    },
    objection: () => rejection,
  };

  function startAgain(): void {
    attempt++;
    waiting = [];
    texts.text = '';
    texts.reasoning = '';
    checked.text = 0;
    checked.reasoning = 0;
    passed.clear();
  }
}

/** The arguments of a call as a text, and all of it as a value: the name, and what the model wrote where that was no JSON or no exact number. */
function saidByCall(call: Json): Said {
  const { input } = propertiesOf(call);
  return { of: 'call', text: JSON.stringify(input ?? null), value: call };
}
