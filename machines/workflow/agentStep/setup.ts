/** The complete setup of an agent step's machine: what `agentStepBase` has, and every action by the name that the chart uses. */
import type { AnyActorRef } from 'xstate';
import type { Artifact } from '../../../src/contracts/media.ts';
import { eventContextOf } from '../../../src/contracts/eventContext.ts';
import { artifactList } from '../../../src/contracts/parts.ts';
import type { Message, ToolResult } from '../../../src/contracts/model.ts';
import type { ApprovalNotice } from '../../../src/contracts/workflow/approval.ts';
import { asJson } from '../../../src/values/json.ts';
import { callChildId, toolResultOf } from '../../agent/calls.ts';
import type { ToolOutcome } from '../../agent/effectTypes.ts';
import { toolOutcomeIn } from '../../agent/events.ts';
import { childFailure, childOutput } from '../../childEvents.ts';
import { withinDeadline } from '../../lifecycle.ts';
import { asZodJson } from '../../json.ts';
import { parent } from '../../parent.ts';
import { slotIndexOf } from '../../slotIndex.ts';
import type { RunningStepCall } from './context.ts';
import { stepLists, type BriefedCall, type StepAnswer, type StepCall, type StepDiscovery } from './effectTypes.ts';
import * as faults from './faults.ts';
import { correctionOfText, finalTurnPrompt } from './prompts.ts';
import { agentStepBase, stepAnswerIn, strayIn } from './setupBase.ts';
import { nextAgentCalls, subAgentEnd, subAgentOutcome } from './subAgents.ts';
import { afterOutcome, chargedAnswer, chargedBelow, chargedFailure, nextBatch } from './updates.ts';

const { assign, enqueueActions } = agentStepBase;

const append = (list: string, entry: Message) => ({
  type: 'append' as const,
  params: { list, entry: asJson(entry) },
});
const user = (text: string): Message => ({ role: 'user', text });
const assistant = ({ text, calls, provider }: StepAnswer): Message => ({
  role: 'assistant',
  text,
  calls: [...calls],
  ...(provider === undefined ? {} : { provider }),
});

/** Without a limit of its own a ticket stays open for a year. Milliseconds. */
const noLimit = 365 * 24 * 60 * 60_000;
const unmadeResults = (calls: readonly StepCall[]): ToolResult[] =>
  calls.flatMap((call) => ('why' in call ? [toolResultOf(call, { ok: false, content: call.why })] : []));

const appendArtifacts = (artifacts: readonly Artifact[] = []) =>
  artifacts.map((artifact) => ({ type: 'append' as const, params: { list: artifactList, entry: asJson(artifact) } }));

/** A rejected call is a result, too: the model is to go on without it. */
const shownOutcome = ({ gate }: RunningStepCall, outcome: ToolOutcome): ToolOutcome =>
  gate && !outcome.ok && faults.denialIn(outcome) !== undefined
    ? { ...outcome, content: `${outcome.content} Find another way, or answer without it.` }
    : outcome;

/** The complete setup of an agent step's machine. */
export const agentStepSetup = agentStepBase.extend({
  /** Every action by the name that the chart uses. */
  actions: {
    storeTask: enqueueActions(({ context: { task }, enqueue }) => {
      if (!task) return;
      const { user: text, ...kept } = task.value;
      enqueue({
        type: 'append',
        params: { list: stepLists.task, entry: asJson({ value: kept, sealed: task.sealed }) },
      });
      enqueue(append(stepLists.transcript, user(text)));
      enqueue.assign({ task: undefined });
    }),
    storeTools: enqueueActions(({ event, enqueue }) => {
      const { tools } = childOutput<StepDiscovery>(event);
      enqueue({ type: 'append', params: { list: stepLists.tools, entry: asJson({ tools }) } });
    }),
    sayLastTurn: enqueueActions(({ enqueue }) => enqueue(append(stepLists.transcript, user(finalTurnPrompt)))),
    countTurn: assign({ turns: ({ context }) => context.turns + 1 }),
    takeAnswer: enqueueActions(({ context, event, enqueue }) => {
      const answer = stepAnswerIn(event);
      if (answer.text !== '' || answer.calls.length > 0) enqueue(append(stepLists.transcript, assistant(answer)));
      enqueue.assign({ metrics: chargedAnswer(context.metrics, answer, 'task') });
    }),
    takeReflection: enqueueActions(({ context, event, enqueue }) => {
      const answer = stepAnswerIn(event);
      enqueue(append(stepLists.reflection, assistant(answer)));
      enqueue.assign({ metrics: chargedAnswer(context.metrics, answer, 'reflection') });
    }),
    keepEnd: assign(({ event }) => {
      const { says } = stepAnswerIn(event);
      return says.kind === 'draft' || says.kind === 'violating' ? { end: says.end } : {};
    }),
    askForRepair: enqueueActions(({ event, enqueue }) => {
      const { says } = stepAnswerIn(event);
      if (says.kind === 'violating') enqueue(append(stepLists.transcript, user(says.correction)));
      enqueue.assign({ repaired: true });
    }),
    askForJson: enqueueActions(({ event, enqueue }) => {
      enqueue(append(stepLists.transcript, user(correctionOfText)));
      enqueue.assign({ unreadable: stepAnswerIn(event).text });
    }),
    noteUnreadable: assign(({ context, event }) => {
      const { says, text } = stepAnswerIn(event);
      return { unreadable: says.kind === 'unreadable' ? text : context.unreadable };
    }),
    beginReflection: enqueueActions(({ event, enqueue }) => {
      const { says } = stepAnswerIn(event);
      if (says.kind === 'draft') enqueue(append(stepLists.reflection, user(says.reflect ?? '')));
      enqueue.assign({ reflected: true });
    }),
    correctReflection: enqueueActions(({ event, enqueue }) => {
      const { says } = stepAnswerIn(event);
      const correction = says.kind === 'violating' ? says.correction : correctionOfText;
      enqueue(append(stepLists.reflection, user(correction)));
      enqueue.assign({ reflectionCorrected: true });
    }),
    queueCalls: enqueueActions(({ event, enqueue }) => {
      const answer = stepAnswerIn(event);
      const calls = answer.says.kind === 'calls' ? answer.says.calls : [];
      const results = unmadeResults(calls);
      if (results.length > 0) enqueue(append(stepLists.transcript, { role: 'tool', results }));
      enqueue.assign({ queue: calls.filter((call) => !('why' in call)) });
    }),
    startCalls: enqueueActions(({ context, event, enqueue }) => {
      const batch = nextBatch(context.queue);
      const running = batch.flatMap((call, index): RunningStepCall[] => {
        if (call.how !== 'run') return [];
        const { request, gate } = call;
        const id = callChildId(index);
        // Nobody is waited for beyond the deadline of the run.
        const patience = withinDeadline(gate?.timeout ?? noLimit, eventContextOf(event));
        if (gate) {
          enqueue.spawnChild('toolCall', { id, input: { call: request, ask: true, patience } });
          const { name: tool_name, id: tool_use_id, input } = request;
          const notice: ApprovalNotice = {
            type: 'step.approval',
            step: context.step,
            tool_name,
            tool_use_id,
            arguments: asZodJson(input),
          };
          enqueue.sendTo(parent, notice);
        } else enqueue.spawnChild('runTool', { id, input: request });
        return [{ slot: index, id: request.id, name: request.name, ...(gate ? { gate } : {}) }];
      });
      enqueue.assign({ running, queue: context.queue.slice(batch.length) });
    }),
    recordOutcome: enqueueActions(({ context, event, enqueue }) => {
      const index = slotIndexOf(event.type);
      const call = context.running.find((one) => one.slot === index);
      if (!call) return;
      const end = call.agent ? subAgentEnd(event) : undefined;
      const outcome = end ? subAgentOutcome(call, end) : shownOutcome(call, toolOutcomeIn(event));
      if (outcome.ok) for (const one of appendArtifacts(outcome.artifacts)) enqueue(one);
      enqueue(append(stepLists.transcript, { role: 'tool', results: [toolResultOf(call, outcome)] }));
      enqueue.assign(afterOutcome(context, call, outcome));
      if (end) enqueue.assign({ below: chargedBelow(context.below, end) });
      enqueue.stopChild(callChildId(index));
    }),
    startSubAgents: enqueueActions(({ context, event, enqueue }) => {
      const calls = nextAgentCalls(context);
      const briefed = childOutput<readonly BriefedCall[]>(event);
      const running = calls.flatMap(({ id, name }, slot): RunningStepCall[] => {
        const brief = briefed[slot];
        if (!brief || 'why' in brief) {
          // The model gave what the sub-agent does not take.
          const result = toolResultOf({ id, name }, { ok: false, content: brief?.why ?? 'Not made.' });
          enqueue(append(stepLists.transcript, { role: 'tool', results: [result] }));
          return [];
        }
        const child = callChildId(slot);
        enqueue.spawnChild('subAgent', { id: child, input: brief.task });
        if (context.paused) enqueue.sendTo<AnyActorRef>(child, { type: 'agent.pause' });
        return [{ slot, id, name, agent: true }];
      });
      enqueue.assign({ running, queue: context.queue.slice(calls.length) });
    }),
    refuseSubAgents: enqueueActions(({ context, event, enqueue }) => {
      const { message: content } = childFailure(event);
      const calls = nextAgentCalls(context);
      const results = calls.map((call) => toolResultOf(call, { ok: false, content }));
      enqueue(append(stepLists.transcript, { role: 'tool', results }));
      enqueue.assign({ queue: context.queue.slice(calls.length) });
    }),
    /** A sub-agent takes the commands of its caller. */
    tellSubAgents: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'agent.cancel' && event.type !== 'agent.pause' && event.type !== 'agent.resume') return;
      for (const { slot, agent } of context.running) if (agent) enqueue.sendTo<AnyActorRef>(callChildId(slot), event);
    }),
    passNotice: enqueueActions(({ event, enqueue }) => {
      if (event.type === 'step.approval') enqueue.sendTo(parent, event);
    }),
    notePause: assign({ paused: true }),
    noteResume: assign({ paused: false }),
    failDiscovery: assign(({ event }) => ({ fault: faults.discoveryFault(childFailure(event)) })),
    failModel: assign(({ context, event }) => {
      const failure = childFailure(event);
      return { fault: faults.modelFault(failure), metrics: chargedFailure(context.metrics, failure) };
    }),
    failTurns: assign(({ context }) => ({ fault: faults.turnsFault(context.maxTurns) })),
    failReflection: assign(({ event }) => ({ fault: faults.reflectionFault, unreadable: stepAnswerIn(event).text })),
    failStray: assign(({ event }) => ({ fault: faults.strayFault(strayIn(stepAnswerIn(event)) ?? '') })),
    failCancelled: assign(({ event }) =>
      event.type === 'agent.cancel' ? { fault: faults.cancelFault(event.reason) } : {},
    ),
    failPause: assign({ fault: faults.pauseFault }),
  },
});
