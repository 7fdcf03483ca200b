/** Compiles a workflow: to the chart of workflows with the actors and effects of its steps. */
import { agentStepActor } from '../../actors/workflow/agentStep.ts';
import type { AgentStepServers } from '../../actors/workflow/agentStep/deps.ts';
import type { AsStep } from '../../actors/workflow/rules.ts';
import { workflowActor } from '../../actors/workflow/workflow.ts';
import type { ModelGateway } from '../../actors/tools.ts';
import { subWorkflowName } from '../../machines/workflow/actions.ts';
import { defaultWorkflowSettings } from '../../machines/workflow/settings.ts';
import { AgentSignal } from '../contracts/agent.ts';
import { RunSignal } from '../contracts/run.ts';
import { WaitSignal } from '../contracts/wait.ts';
import { ApprovalNotice } from '../contracts/workflow/approval.ts';
import type { SecretSource } from '../contracts/workflow/values.ts';
import type { WorkflowDefinition } from '../contracts/workflow/definition.ts';
import type { StepCache } from '../contracts/workflow/stepCache.ts';
import type { ActorTypeOptions } from '../core/actorType.ts';
import type { Compiled } from '../define/member.ts';
import { serverSessions, type ServerSessions } from '../mcp/sessions/sessions.ts';
import { toolServer } from '../../actors/toolServer.ts';
import type { Clock } from '../values/clock.ts';
import type { Egress } from '../security/egress.ts';

/** What the steps of a workflow are done with. */
export interface WorkflowParts {
  readonly gateway: ModelGateway;
  readonly servers: AgentStepServers;
  readonly egress: Egress;
  /** Keeps the results of steps with `cache`. */
  readonly cache?: StepCache | undefined;
  /** What does an agent step, given the values of secrets; in this process by default. */
  readonly agentStep?: ((secrets: SecretSource) => Compiled) | undefined;
}

/** The signals of a workflow and of a fan-out: those of people, and what agents tell them. */
const signals = RunSignal.or(ApprovalNotice);
const ticketOptions = { wait: { signals: WaitSignal } };
const agentStepOptions: ActorTypeOptions = {
  signals: AgentSignal.or(ApprovalNotice),
  children: {
    toolCall: { children: ticketOptions },
    ...ticketOptions,
    get subAgent() {
      return agentStepOptions;
    },
  },
};

/** The options of the actor of an agent step that is done elsewhere. */
export const remoteStepOptions: ActorTypeOptions = { signals: AgentSignal, children: ticketOptions };

/** The tool servers of agent steps that are done in this process. Disposing it closes their sessions. */
export const stepServers = (clock: Clock): ServerSessions => serverSessions({ clock, keep: toolServer });

/** An agent step that is done in this process. */
export const agentStepHere = (
  { gateway, servers }: Pick<WorkflowParts, 'gateway' | 'servers'>,
  secrets: SecretSource,
): Compiled => ({
  machine: agentStepActor({ gateway, servers, secrets }),
  options: agentStepOptions,
});

/** The machine of a workflow and the options of its actor type. */
export function compileWorkflow(definition: WorkflowDefinition, parts: WorkflowParts): Compiled {
  return compileStep(definition, parts, undefined);
}

function compileStep(definition: WorkflowDefinition, parts: WorkflowParts, asStep: AsStep): Compiled {
  const { secrets, steps, policy } = definition;
  const inner = steps.flatMap((step): [string, Compiled][] =>
    step.kind === 'workflow' ? [[step.id, compileStep(step.workflow, parts, step.forEach ? {} : step)]] : [],
  );
  const machines = Object.fromEntries(inner.map(([id, { machine }]): [string, Compiled['machine']] => [id, machine]));
  const innerOptions = Object.fromEntries(inner.map(([id, { options }]) => [subWorkflowName(id), options]));
  const agentStep = parts.agentStep?.(secrets) ?? agentStepHere(parts, secrets);
  const machine = workflowActor({
    definition,
    asStep,
    agentStep: agentStep.machine,
    workflows: machines,
    cache: parts.cache,
    webhooks: (step) => ({ egress: parts.egress, secrets, step }),
  });
  const children = { agentStep: agentStep.options, ...ticketOptions, ...innerOptions };
  return {
    machine,
    options: {
      signals,
      endsByDeadline: true,
      deadline: policy.timeout ?? defaultWorkflowSettings.deadline,
      children: { ...children, fanOut: { signals, children } },
    },
  };
}
