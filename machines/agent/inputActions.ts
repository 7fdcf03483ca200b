/** The actions for input that comes while the agent works: it is queued, replaced, refused, or interrupts the turn. */
import type { AnyActorRef } from 'xstate';
import { base, agentActions, toResults, toTrajectory, toTranscript } from './setupBase.ts';
import { callId, resultOf } from './calls.ts';
import * as inputs from './inputs.ts';
import { finishSoon, note, stoppedFor } from './prompts.ts';

const { assign, enqueueActions } = base;

export const inputActions = agentActions({
  deliverInput: enqueueActions(({ context, enqueue }) => {
    const { texts, later } = inputs.due(context);
    for (const text of texts) enqueue(toTranscript(note(text)));
    enqueue.assign({ inbox: later });
  }),
  queueInput: assign(({ context, event }) => ({ inbox: [...context.inbox, ...inputs.noteOf(event)] })),
  replaceInput: enqueueActions(({ context, event, enqueue }) => {
    for (const older of inputs.said(context)) enqueue(inputs.buried(older, inputs.replaced));
    enqueue.assign(inputs.withReplaced(context, event));
  }),
  refuseInput: enqueueActions(({ context, event, enqueue }) => {
    const reason = inputs.refusalOf(context);
    if (reason) for (const refused of inputs.noteOf(event)) enqueue(inputs.buried(refused, reason));
  }),
  buryInput: enqueueActions(({ context, enqueue }) => {
    for (const late of inputs.said(context)) enqueue(inputs.buried(late, inputs.unread));
    enqueue.assign({ inbox: [] });
  }),
  tellToFinish: assign(({ context }) => ({ inbox: [...context.inbox, { text: finishSoon, own: true as const }] })),
  /** The model is stopped: what it had said so far is kept. */
  keepPartial: enqueueActions(({ context, event, enqueue }) => {
    const text = inputs.partialIn(event);
    if (text !== '') enqueue(toTranscript({ role: 'assistant', text, calls: [] }));
    enqueue(toTrajectory(inputs.interruptedTurn(context)));
    enqueue.assign({
      ...inputs.chargeStopped(context),
      ...(text === '' ? {} : { answer: { type: 'text', body: text } }),
    });
  }),
  /** Stops the calls that can be stopped. A call with an actor of its own decides that itself. */
  interruptCalls: enqueueActions(({ context, enqueue }) => {
    const calls = context.calls.map((call, index) => {
      if (call.answered) return call;
      if (call.guarded) {
        enqueue.sendTo<AnyActorRef>(callId(index), { type: 'call.interrupt' });
        return call;
      }
      enqueue.stopChild(callId(index));
      for (const append of toResults([resultOf(call, { ok: false, content: stoppedFor })])) enqueue(append);
      return { ...call, answered: true as const };
    });
    enqueue.assign({ calls });
  }),
});
