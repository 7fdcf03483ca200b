import { agentStepMachine } from '../../../machines/workflow/agentStep.ts';
import type { AgentStepContext } from '../../../machines/workflow/agentStep/context.ts';
import { done, failed } from '../../../src/testing/play.ts';
import { fault } from '../effectResults.ts';
import {
  briefed,
  broken,
  called,
  complete,
  draft,
  found,
  nothing,
  prose,
  read,
  refused,
  server,
  stepTask,
  stray,
  sub,
  toReflect,
  violating,
} from '../workflow/agentStepStory.ts';
import type { Case } from '../case.ts';

const gate = { onReject: 'fail', timeoutBehavior: 'fail' } as const;
const side = (name: string, change: Parameters<typeof stepTask>[0], events: Case['events']): Case => ({
  name: 'agentStep',
  side: name,
  machine: agentStepMachine,
  input: stepTask(change),
  events: [
    found,
    failed('discover'),
    failed('ask'),
    { type: 'agent.cancel', reason: 'enough' },
    { type: 'agent.pause' },
    { type: 'agent.resume' },
    { type: 'xstate.after.patience.agentStep.held' },
    draft,
    prose,
    ...events,
  ],
  key: (context: AgentStepContext) => [
    context.turns,
    context.unreadable !== undefined,
    context.repaired,
    context.queue.length,
    context.running.length,
    context.reflectionCorrected,
    context.paused,
    context.running.some(({ agent }) => agent),
    context.fault?.code,
  ],
});

export const cases: readonly Case[] = [
  side('with tools', { maxTurns: 2, servers: [server] }, [
    nothing,
    called(read('a'), read('b'), read('c', 'write')),
    called(read('d', 'write', gate)),
    called(stray, refused),
    done('call.0', { content: 'text' }),
    failed('call.0', fault('tool')),
    failed('call.0', fault('transient')),
    done('call.0', { ok: false, content: 'no', failure: { ...fault('denied'), data: { ticket: 'answered' } } }),
    done('call.1', { content: 'text' }),
    failed('call.1', fault('transient')),
  ]),
  side('with a sub-agent', { maxTurns: 2, budgetUsd: 1 }, [
    called(sub),
    called(sub, read('a')),
    briefed,
    failed('brief', fault('invalid')),
    { type: 'step.approval', step: 's', tool_name: 'pay', tool_use_id: 'c1', arguments: {} },
    done('call.0', complete()),
    done('call.0', broken),
    failed('call.0'),
  ]),
  side('without tools', { maxTurns: 2, reflect: 'Think again.' }, [toReflect, violating, nothing]),
];
