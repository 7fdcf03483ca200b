/**
 * Guards one answer of a model while it is streamed. Each text in it (what it says, its reasoning, the arguments of each call) is checked by itself, from
 * its beginning to here; parts that come while a check is under way are checked together. What is held back is shown when the whole answer has passed.
 *
 * A long answer is not read anew with each of its words. While all of it is held back, a text is checked again when it has grown by some share. While it is
 * shown, patterns are tried on its end, and on all of it when it has grown by that share or when the end may have a match; a function is asked each time.
 */
import type { EffectScope } from '../src/contracts/effect.ts';
import type { GuardedStream } from '../src/contracts/guardrail.ts';
import type { Json } from '../src/values/json.ts';
import type { TroupeError } from '../src/values/failure.ts';
import { propertiesOf } from '../src/values/properties.ts';
import { growingText } from './growingText.ts';
import type { Guardrail } from './guardrailDefinition.ts';
import { isAboutCalls } from './guardLayers.ts';
import { streamRejection } from './streamCheck.ts';
import { pieceOf, speechQueue } from './speechQueue.ts';

type Said = Omit<GuardedStream, 'signal'>;

/** So many characters before those that are held back are enough to tell a match near the end of a text from none. */
const context = 1_024;

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
  const isShown = Number.isFinite(tail);
  const triesEnd = isShown && judges.every(({ looksForPatterns }) => looksForPatterns);
  const passed = speechQueue(tail);
  const endLength = triesEnd ? tail + context : 0;
  const texts = { text: growingText(endLength), reasoning: growingText(endLength) };
  let waiting: Json[] = [];
  /** The check that is under way, and whether another one is wanted after it. */
  let checking: Promise<void> | undefined;
  let isWanted = false;
  let rejection: TroupeError | undefined;
  /** Rises with every attempt of the model: what an earlier one said is void. */
  let attempt = 0;

  function showPassed(notes: readonly Json[]): void {
    for (const note of notes) show(note);
    // What a machine keeps of an answer that breaks off is what was shown of it.
    if (notes.length > 0) scope.soFar?.({ text: passed.shownText() });
  }

  async function checkWaiting(): Promise<void> {
    while (isWanted && !rejection) {
      isWanted = false;
      const [parts, of] = [waiting, attempt];
      waiting = [];
      for (const said of saidIn(parts)) {
        rejection ??= await streamRejection(said, judges, scope);
        if (rejection) return stop(rejection);
      }
      if (of === attempt) showPassed(passed.add(parts));
    }
    checking = undefined;
  }

  function check(): void {
    isWanted = true;
    checking ??= Promise.resolve().then(checkWaiting);
  }

  /** The texts that have grown, as they are now, and the calls among these parts. */
  function saidIn(parts: readonly Json[]): Said[] {
    const said: Said[] = [];
    for (const channel of ['text', 'reasoning'] as const) {
      const text = texts[channel];
      if (text.hasGrown()) said.push({ of: channel, text: text.whole() });
      text.check();
    }
    for (const part of parts) {
      const { type, call } = propertiesOf(part);
      if (type === 'call') said.push(saidByCall(call as Json));
    }
    return said;
  }

  /** Whether no pattern has a match at the end of the text. What one has there is looked for in the whole text: a word may only seem to begin where the end does. */
  const isEndClean = (of: 'text' | 'reasoning'): boolean =>
    judges.every(({ checks }) => checks.stream?.({ of, text: texts[of].end(), signal: scope.signal }) === true);

  return {
    hear(part: Json): void {
      if (isAboutCalls(part)) {
        if (propertiesOf(part).failure !== undefined) startAgain();
        return scope.progress(part);
      }
      const piece = pieceOf(part);
      if (piece) texts[piece.type].add(piece.text);
      if (judges.length === 0) return showPassed(passed.add([part]));
      const isDue = piece === undefined || texts[piece.type].isDue();
      if (triesEnd && !isDue && !checking && isEndClean(piece.type)) return showPassed(passed.add([part]));
      waiting.push(part);
      if (isDue || isShown) check();
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
    texts.text.clear();
    texts.reasoning.clear();
    passed.clear();
  }
}

/** The arguments of a call as a text, and all of it as a value: the name, and what the model wrote where that was no JSON or no exact number. */
function saidByCall(call: Json): Said {
  const { input } = propertiesOf(call);
  return { of: 'call', text: JSON.stringify(input ?? null), value: call };
}
