/** What an effect behind guardrails reports while it is performed: the call of a tool, its result, and the tool's own notes. Each is judged by itself. */
import type { EffectScope } from '../src/contracts/effect.ts';
import type { Json } from '../src/values/json.ts';
import type { GuardedStream } from '../src/contracts/guardrail.ts';
import { propertiesOf } from '../src/values/properties.ts';
import { effect } from './effect.ts';
import { unjudgedReason } from '../src/contracts/heldNote.ts';
import { isAboutCalls, type AnyEffect } from './guardLayers.ts';
import type { Guardrail } from './guardrailDefinition.ts';
import { streamRejection } from './streamCheck.ts';

/** The effect, whose notes are shown once these guardrails have let them through. */
export const withJudgedNotes = (
  { effect: { perform, options } }: AnyEffect,
  guardrails: readonly Guardrail[],
  show: (scope: EffectScope) => (note: Json) => void,
): AnyEffect =>
  effect<unknown, unknown>(async (input, scope) => {
    const judges = guardrails.filter(({ checks }) => checks.stream);
    const showNote = show(scope);
    let judging: Promise<void> | undefined;
    const judge = async (note: Json) => {
      const rejected = await streamRejection(saidIn(note), judges, scope);
      const shown = rejected ? withheld(note, rejected.message) : note;
      if (shown !== undefined) showNote(shown);
    };
    const progress = (note: Json) => {
      if (isAboutCalls(note)) return scope.progress(withoutReason(note));
      if (judges.length === 0) return showNote(note);
      judging = (judging ?? Promise.resolve()).then(() => judge(note));
    };
    try {
      return await perform(input, { ...scope, progress });
    } finally {
      await judging;
    }
  }, options);

/** How the call of a tool went, without the words of its failure: the tool has chosen them. */
function withoutReason(note: Json): Json {
  const { failure } = propertiesOf(note);
  if (failure === undefined) return note;
  const { kind, retryable } = propertiesOf(failure);
  return { ...propertiesOf(note), failure: { kind, retryable, message: unjudgedReason } } as Json;
}

function saidIn(note: Json): Omit<GuardedStream, 'signal'> {
  const { type, input, content } = propertiesOf(note);
  if (type === 'tool.called') return { of: 'call', text: JSON.stringify(input), value: input as Json };
  if (type === 'tool.answered' && typeof content === 'string') return { of: 'result', text: content };
  return { of: 'result', text: JSON.stringify(note), value: note };
}

/** The note without what was rejected; undefined when nothing is left of it. */
function withheld(note: Json, why: string): Json | undefined {
  const { type } = propertiesOf(note);
  // Only a text is put in place of another value.
  if (type === 'tool.called') return { ...propertiesOf(note), input: { withheld: why } } as Json;
  if (type === 'tool.answered') return { ...propertiesOf(note), content: `Not shown. ${why}` } as Json;
  return undefined;
}
