/** Reads the calls of an answer: which are made, after whose approval, and which are not, with the reason for the model. */
import type { ModelAnswer, ToolCall } from '../../../src/contracts/model.ts';
import { cutText } from '../../../src/values/text.ts';
import type { KeptAgentTask, StepCall, StepTool } from '../../../machines/workflow/agentStep/effectTypes.ts';
import { callHash } from '../../hash.ts';
import { fitsPattern } from './allowed.ts';
import { storedServer } from './keptTask.ts';

/** The calls of an answer, each with an id of its own. */
export function readCalls(
  { calls, reason }: Pick<ModelAnswer, 'reason'> & { readonly calls: readonly ToolCall[] },
  task: KeptAgentTask,
  tools: readonly StepTool[],
): readonly StepCall[] {
  return calls.map((call) =>
    reason === 'length' || reason === 'refused'
      ? unmade(
          call,
          'refused',
          'Not made: your answer was cut off, so its calls may be incomplete. Call again with less in one answer.',
        )
      : readCall(call, task, tools),
  );
}

/** Some providers repeat ids or leave them out; every call of a turn needs its own. */
export function withOwnIds(calls: readonly ToolCall[]): readonly ToolCall[] {
  const seen = new Set<string>();
  return calls.map((call, index) => {
    const id = call.id === '' || seen.has(call.id) ? `${call.id || 'call'}-${index}` : call.id;
    seen.add(id);
    return { ...call, id };
  });
}

function readCall(call: ToolCall, task: KeptAgentTask, tools: readonly StepTool[]): StepCall {
  const { id, name, input } = call;
  const tool = tools.find(({ info }) => info.name === name);
  const isSubAgent = task.value.subAgents?.some((sub) => sub.tool === name) === true;
  if (!tool && !isSubAgent) return unmade(call, 'unknown', `There is no tool "${cutText(name, 80)}".`);
  if (call.unreadable !== undefined)
    return unmade(call, 'refused', 'Not made: the arguments are not JSON. Call it again with valid JSON.');
  if (call.inexact !== undefined)
    return unmade(
      call,
      'refused',
      'Not made: a number has more digits than a number keeps. Call it again with the digits as text.',
    );
  if (!tool) return { how: 'agent', id, name, input };
  const server = storedServer(task, tool.server);
  const gate = server.value.approvals.find(({ pattern }) => fitsPattern(pattern, name));
  const { effect } = tool.info;
  const request = {
    id,
    name,
    input,
    hash: callHash(name, input),
    effect,
    idempotent: tool.idempotent,
    belt: false,
    server,
  };
  if (!gate && !tool.info.approval) return { how: 'run', request };
  const { onReject = 'fail', timeoutBehavior = 'fail', timeout } = gate ?? {};
  return { how: 'run', request, gate: { onReject, timeoutBehavior, ...(timeout === undefined ? {} : { timeout }) } };
}

const unmade = ({ id, name }: ToolCall, how: 'refused' | 'unknown', why: string): StepCall => ({ how, id, name, why });
