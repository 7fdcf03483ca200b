/** The actions for input that comes while the agent works: it is queued, replaced, refused, or interrupts the turn. */
import type { AnyActorRef } from 'xstate';
import { agentSetupBase, agentActions, appendResults, appendToTrajectory, appendToTranscript } from './setupBase.ts';
import { callChildId, toolResultOf } from './calls.ts';
import * as inputs from './inputs.ts';
import { finishSoonPrompt, userMessage, interruptedResult } from './prompts.ts';

const { assign, enqueueActions } = agentSetupBase;

/** The actions for input that comes during a task, by the names that the chart uses. */
export const inputActions = agentActions({
  deliverInput: enqueueActions(({ context, enqueue }) => {
    const { texts, heard, later } = inputs.dueInput(context);
    for (const text of texts) enqueue(appendToTranscript(userMessage(text)));
    enqueue.assign({ inbox: later, ...(heard.length > 0 ? { heard: [...(context.heard ?? []), ...heard] } : {}) });
  }),
  queueInput: assign(({ context, event }) => ({ inbox: [...context.inbox, ...inputs.notesOf(event)] })),
  replaceInput: enqueueActions(({ context, event, enqueue }) => {
    for (const older of inputs.externalInput(context)) enqueue(inputs.deadLetterOf(older, inputs.replacedInput));
    enqueue.assign(inputs.withReplaced(context, event));
  }),
  refuseInput: enqueueActions(({ context, event, enqueue }) => {
    const reason = inputs.inputRefusal(context);
    if (reason) for (const refused of inputs.notesOf(event)) enqueue(inputs.deadLetterOf(refused, reason));
  }),
  buryInput: enqueueActions(({ context, enqueue }) => {
    for (const late of inputs.externalInput(context)) enqueue(inputs.deadLetterOf(late, inputs.unreadInput));
    enqueue.assign({ inbox: [] });
  }),
  tellToFinish: assign(({ context }) => ({
    inbox: [...context.inbox, { text: finishSoonPrompt, own: true as const }],
  })),
  /** The model is stopped: what it had said so far is kept. */
  keepPartial: enqueueActions(({ context, event, enqueue }) => {
    const text = inputs.partialIn(event);
    if (text !== '') enqueue(appendToTranscript({ role: 'assistant', text, calls: [] }));
    enqueue(appendToTrajectory(inputs.interruptedTurn(context)));
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
        enqueue.sendTo<AnyActorRef>(callChildId(index), { type: 'call.interrupt' });
        return call;
      }
      enqueue.stopChild(callChildId(index));
      for (const append of appendResults([toolResultOf(call, { ok: false, content: interruptedResult })]))
        enqueue(append);
      return { ...call, answered: true as const };
    });
    enqueue.assign({ calls });
  }),
});
