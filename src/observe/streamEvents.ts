/**
 * What happens in a run, in the words of its user: what models say and think, which tools are called with what, and what each agent is doing.
 * Computed from inspection events, which speak of commits and effects.
 */
import type { Inspection } from '../contracts/inspection.ts';
import { ModelPart } from '../contracts/model.ts';
import { ToolNote } from '../contracts/tool.ts';
import { StepNote } from '../contracts/workflow/stepNote.ts';
import type { Address } from '../values/ids.ts';
import type { Failure } from '../values/failure.ts';
import type { Json } from '../values/json.ts';
import { propertiesOf } from '../values/properties.ts';
import { actorNames, isMachinery } from './actorNames.ts';
import { formatState, shortenState } from './format.ts';

/** Where an event comes from. */
export interface StreamEventSource {
  /** The address of the actor, such as `agent/run-42.writer`. */
  readonly actor: Address;
  /** The name of the agent, the member or the machine. */
  readonly name: string;
  /** When it happened; milliseconds since the epoch. */
  readonly at: number;
}

/** One thing that happened in a run. */
export type StreamEvent = StreamEventSource &
  (
    | {
        /** `text`: a piece of a model's answer. `reasoning`: a piece of its reasoning, which is no part of the answer. */
        readonly type: 'text' | 'reasoning';
        /** What to append to the pieces before it of the same call. */
        readonly text: string;
        /** The call of the model that it belongs to. */
        readonly call: string;
      }
    | {
        /** The call of a model broke off: the pieces under its id are no part of an answer. The model may be asked again, under the same id. */
        readonly type: 'discarded';
        /** The call of the model that broke off. */
        readonly call: string;
        /** Why it broke off. */
        readonly failure: Failure;
      }
    | {
        /** A tool is called now. Of a call that is tried again there are several. */
        readonly type: 'tool.called';
        /** The id of the call in the conversation. */
        readonly id: string;
        /** The name of the tool. */
        readonly tool: string;
        /** Its arguments. */
        readonly input: Json;
      }
    | {
        /** A tool has answered, or has failed. */
        readonly type: 'tool.answered';
        /** The id of the call in the conversation. */
        readonly id: string;
        /** The name of the tool. */
        readonly tool: string;
        /** False when the call failed. */
        readonly ok: boolean;
        /** What the model is shown: the result, or the message of the failure. */
        readonly content: string;
      }
    | {
        /** An actor is in another phase: `thinking`, `acting`, `waiting`, `completed`, or the state of a machine. */
        readonly type: 'phase';
        /** The phase. */
        readonly phase: string;
        /** The phase before; absent at the beginning. */
        readonly from?: string;
      }
    | {
        /** A step of a workflow. */
        readonly type: 'step';
        /** Its id. */
        readonly step: string;
        /** `begun`: it is under way. `ended`: what was begun has ended; how is in the outcome of the run. The others have ended without being begun, as transforms do. */
        readonly status: 'begun' | 'ended' | 'complete' | 'skipped' | 'failed';
        /** `agent`, `webhook`, `workflow`, `wait`, `fanOut` or `items`; only with `begun`. */
        readonly kind?: string;
        /** Why it was skipped or has failed. */
        readonly reason?: string;
      }
    | {
        /** A person is asked. */
        readonly type: 'asked';
        /** The ticket, which `runtime.answer` or `troupe waits answer` answers. */
        readonly ticket: Address;
        /** The question. */
        readonly question: string;
      }
    | {
        /** Something a person should know, such as a tool that cannot be offered. */
        readonly type: 'warning';
        /** What it is, and what to do. */
        readonly message: string;
      }
  );

/** Translates the inspection events of one run, in order; `root` is the name of what runs. */
export function streamEvents(root: string): (event: Inspection) => StreamEvent[] {
  const phases = new Map<Address, string>();
  /** The steps that are under way, by workflow and by child. */
  const running = new Map<Address, ReadonlyMap<string, string>>();
  const names = actorNames(root);
  /** The calls of models of which something was shown. */
  const shown = new Set<string>();

  function ofCommit(event: Extract<Inspection, { type: 'commit' }>, source: StreamEventSource): StreamEvent[] {
    const { actor, machine, state, seq, context } = event;
    if (machine === 'wait') {
      const { question } = propertiesOf(propertiesOf(context)['ticket']);
      return seq === 1 && typeof question === 'string' ? [{ ...source, type: 'asked', ticket: actor, question }] : [];
    }
    if (isMachinery(event)) return [];
    const steps = machine === 'workflow' ? ofSteps(actor, context, source) : [];
    const phase = shortenState(formatState(state)).split('.').at(-1) ?? '';
    const from = phases.get(actor);
    if (phase === from) return steps;
    phases.set(actor, phase);
    return [...steps, { ...source, type: 'phase', phase, ...(from === undefined ? {} : { from }) }];
  }

  /** The steps that have begun and those that have ended with a commit of a workflow. */
  function ofSteps(actor: Address, context: Json, source: StreamEventSource): StreamEvent[] {
    const before = running.get(actor) ?? new Map<string, string>();
    const now = new Map(
      Object.entries(propertiesOf(propertiesOf(context)['running'])).map(([child, one]): [string, RunningStepFacts] => {
        const { step, kind } = propertiesOf(one);
        return [child, { step: String(step), kind: String(kind) }];
      }),
    );
    running.set(actor, new Map([...now].map(([child, { step }]) => [child, step])));
    return [
      ...[...before].flatMap(([child, step]): StreamEvent[] =>
        now.has(child) ? [] : [{ ...source, type: 'step', step, status: 'ended' }],
      ),
      ...[...now].flatMap(([child, { step, kind }]): StreamEvent[] =>
        before.has(child) ? [] : [{ ...source, type: 'step', step, status: 'begun', kind }],
      ),
    ];
  }

  function ofNote(key: string, note: Json, source: StreamEventSource): StreamEvent[] {
    const { type, kind, failure, message } = propertiesOf(note);
    if (type === 'text' || type === 'reasoning') {
      const part = ModelPart.safeParse(note).data;
      if (part?.type !== 'text' && part?.type !== 'reasoning') return [];
      shown.add(key);
      return [{ ...source, type: part.type, text: part.text, call: key }];
    }
    if (type === 'finish') shown.delete(key);
    // A model was called without success: what it had said is void.
    else if (type === 'call' && kind === 'model' && failure !== undefined && shown.delete(key))
      return [{ ...source, type: 'discarded', call: key, failure: failure as unknown as Failure }];
    else if (type === 'step') {
      const { data } = StepNote.safeParse(note);
      if (!data) return [];
      const { reason, ...step } = data;
      return [{ ...source, ...step, ...(reason === undefined ? {} : { reason }) }];
    } else if (type === 'warning' && typeof message === 'string') return [{ ...source, type: 'warning', message }];
    else if (type === 'tool.called' || type === 'tool.answered') {
      const { data } = ToolNote.safeParse(note);
      return data ? [{ ...source, ...data }] : [];
    }
    return [];
  }

  return (event) => {
    const { actor, at } = event;
    if (event.type === 'commit') names.learn(event);
    const source = { actor, name: names.nameOf(actor), at };
    switch (event.type) {
      case 'commit':
        return ofCommit(event, source);
      case 'progress':
        return ofNote(event.key, event.note, source);
      case 'effect.failed':
      case 'effect.stopped':
        if (!shown.delete(event.key)) return [];
        return [{ ...source, type: 'discarded', call: event.key, failure: event.failure ?? stopped }];
      default:
        return [];
    }
  };
}

interface RunningStepFacts {
  readonly step: string;
  readonly kind: string;
}

/** The failure of a call whose end nobody waits for. */
const stopped: Failure = { kind: 'cancelled', message: 'The call was stopped before it ended.', retryable: false };
