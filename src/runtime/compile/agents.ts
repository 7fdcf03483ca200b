/** Compiles agents, and the definitions that they call as tools. */
import { agentActor } from '../../../actors/agent.ts';
import type { CompiledDelegate } from '../../../actors/tools.ts';
import { defaultAgentLimits } from '../../../machines/agent/settings.ts';
import { defaultMember, delegateActorName, type MemberKind } from '../../../machines/member.ts';
import { AgentSignal } from '../../contracts/agent.ts';
import { TreasuryAnswer, TreasuryLease } from '../../contracts/treasury.ts';
import type { ActorTypeOptions } from '../../core/actorType.ts';
import type { AnyAgent } from '../../define/anyMember.ts';
import type { Delegate } from '../../define/delegate.ts';
import { compileWorker } from '../../define/machineWorker.ts';
import type { Compiled } from '../../define/member.ts';
import type { AnyFlow } from '../../define/runnable.ts';
import type { CompileContext } from './compileContext.ts';
import { memberFactsOf, type CompileMember } from './members.ts';
import { ticketOptions } from './ticketOptions.ts';
import { isDelegate, toolSources } from './toolSources.ts';

/** The signals that an agent takes, and those of its tickets. They are checked when they arrive. */
const agentOptions: ActorTypeOptions = {
  signals: AgentSignal.or(TreasuryAnswer).or(TreasuryLease),
  endsByDeadline: true,
  children: { toolCall: { children: ticketOptions }, ...ticketOptions },
};

/** Makes a function that compiles agents. `isMember`: the agent is a part of something else. */
export function agentCompiler(
  context: CompileContext,
  compileMember: CompileMember,
  compileFlow: (flow: AnyFlow) => Compiled,
): (agent: AnyAgent, isMember: boolean) => Compiled {
  const toolsOf = toolSources(context);

  function compileDelegate(subject: Delegate['subject']): Compiled {
    if (subject.kind === 'machine') return compileWorker(subject);
    return subject.kind === 'flow' ? compileFlow(subject) : compileMember(subject);
  }

  function whoIs(subject: Delegate['subject']): MemberKind {
    if (subject.kind === 'machine') return defaultMember;
    return subject.kind === 'flow' ? { kind: 'flow' } : memberFactsOf(subject);
  }

  const delegateOf = ({ subject, message, schema: input, ...tool }: Delegate): CompiledDelegate => {
    const { name, description, approval, effect } = tool;
    return {
      info: { name, description, input, effect, tier: 'core', capabilities: [], approval, source: 'local' },
      who: whoIs(subject),
      machine: compileDelegate(subject).machine,
      message,
    };
  };

  /** The actor type of the calls of a delegate. */
  const callOptionsOf = ({ name, subject }: Delegate): [string, ActorTypeOptions] => {
    const { options } = compileDelegate(subject);
    return [delegateActorName(name), { children: { ...ticketOptions, delegate: options } }];
  };

  return (agent, isMember) => {
    const delegates = agent.tools.filter(isDelegate);
    return {
      machine: agentActor((message) => agent.definition(message), {
        gateway: context.gateway,
        ...toolsOf(agent),
        ...(delegates.length > 0 ? { delegates: delegates.map(delegateOf) } : {}),
        ...(isMember ? { isMember } : {}),
      }),
      options: {
        ...agentOptions,
        deadline: agent.definition('').limits?.deadline ?? defaultAgentLimits.deadline,
        children: { ...agentOptions.children, ...Object.fromEntries(delegates.map(callOptionsOf)) },
      },
    };
  };
}
