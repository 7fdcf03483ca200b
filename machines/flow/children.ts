/** What a flow tells its children, and what their ends come to: each kind of child has commands and an output of its own. */
import type { AgentOutput } from '../../src/contracts/agent.ts';
import type { FlowChildKind } from '../../src/contracts/flow/child.ts';
import type { FlowEnd } from '../../src/contracts/flow/flow.ts';
import type { FlowCallOutcome } from '../../src/contracts/flow/record.ts';
import type { RunOutput } from '../../src/contracts/run.ts';
import { routerResult } from '../../src/contracts/routerResult.ts';
import type { RouterOutput } from '../../src/contracts/orchestration.ts';
import type { WorkflowOutput } from '../../src/contracts/workflow/step.ts';
import type { Failure } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import { makeFailure } from '../failure.ts';

/** What the commands of a kind begin with. A machine of the user has only events of its own. */
const prefixes: Readonly<Record<FlowChildKind, string | undefined>> = {
  agent: 'agent',
  flow: 'run',
  guarded: 'work',
  machine: undefined,
  orchestrator: 'orchestra',
  team: 'run',
  workflow: 'run',
};

/** The event of a command for a child; undefined for one that takes none, and can only be stopped. */
export function childCommand(kind: FlowChildKind, command: 'cancel' | 'pause' | 'resume'): string | undefined {
  const prefix = prefixes[kind];
  return prefix === undefined ? undefined : `${prefix}.${command}`;
}

/** How a child ended, from its output. `kind` tells which output that is, as the types of these casts say. */
export function childOutcome(kind: FlowChildKind, output: unknown): FlowCallOutcome {
  switch (kind) {
    case 'machine':
      return given((output ?? null) as Json);
    case 'agent':
      return agentOutcome(output as AgentOutput, false);
    case 'guarded': {
      const end = output as AgentOutput & { readonly bare?: boolean };
      return agentOutcome(end, end.bare === true);
    }
    case 'flow': {
      const end = output as FlowEnd;
      if (end.status !== 'completed') return unfinished(end);
      return { ...given(end.output), ...(end.encoded ? { encoded: true as const } : {}) };
    }
    case 'team': {
      const end = output as RunOutput;
      return end.status === 'completed' ? given(end.result) : unfinished(end);
    }
    case 'workflow': {
      const { output: end } = output as { readonly output: WorkflowOutput };
      return end.status === 'complete' ? given(end.result) : unfinished(end);
    }
    case 'orchestrator': {
      const end = output as RouterOutput;
      return end.status === 'completed' ? given(routerResult(end) as Json) : unfinished(end);
    }
  }
}

/** `isBare`: of the answer only its body counts, as for a team. */
function agentOutcome(end: AgentOutput, isBare: boolean): FlowCallOutcome {
  if (end.status !== 'completed') return unfinished(end);
  const { type, body } = end.answer;
  return given(isBare || type === 'text' ? body : { type, body });
}

const given = (output: Json): { readonly ok: true; readonly output: Json } => ({ ok: true, output });

const unfinished = (
  end:
    | { readonly status: 'failed'; readonly failure: Failure }
    | { readonly status: 'cancelled'; readonly reason: string },
): FlowCallOutcome => ({
  ok: false,
  failure: end.status === 'failed' ? end.failure : makeFailure('cancelled', `It was stopped: ${end.reason}`),
});
