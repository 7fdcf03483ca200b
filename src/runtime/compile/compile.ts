/** Compiles a definition for the engine: to an actor type with every slot filled. */
import type { ActorType } from '../../core/actorType.ts';
import { memberDefinition, type AnyAgent, type AnyTeam } from '../../define/anyMember.ts';
import { compilesItself, type Compiled, type Member } from '../../define/member.ts';
import { requireNesting } from '../../define/nesting.ts';
import type { Orchestrator } from '../../define/orchestratorDefinition.ts';
import { requireRunnable, type AnyFlow, type Runnable } from '../../define/runnable.ts';
import type { Workflow } from '../../define/workflow.ts';
import { actorType } from '../../engine/nodePlatform.ts';
import { flowCompiler } from '../flow.ts';
import { agentCompiler } from './agents.ts';
import type { CompileContext } from './compileContext.ts';
import { compileGuarded } from './guardrails.ts';
import { compileOrchestrator } from './orchestrators.ts';
import { compileTeam } from './teams.ts';

/** Makes a function that compiles definitions to actor types. The same definition always gives the same type. */
export function compile(context: CompileContext): (subject: Runnable) => ActorType {
  const types = new WeakMap<Runnable, ActorType>();
  const compileFlow = flowCompiler(context, compileChild);
  const compileAgent = agentCompiler(context, compileMember, (flow) => compileFlow(flow, true));

  /** A member of a team. A member that compiles itself is asked first. */
  function compileMember(given: Member): Compiled {
    if (compilesItself(given)) return given.compile(compileMember);
    const member = memberDefinition(given);
    switch (member.kind) {
      case 'agent':
        return compileAgent(member, true);
      case 'team':
        return compileTeam(member, context, compileMember);
      case 'orchestrator':
        return compileOrchestrator(member, context, compileMember);
      case 'guarded':
        return compileGuarded(member, compileMember);
      case 'pool':
        return member.compile();
    }
  }

  /** What a flow runs as its child. */
  function compileChild(subject: Runnable): Compiled {
    if (subject.kind === 'machine') return { machine: subject.type.chart.machine, options: subject.options };
    return subject.kind === 'guarded' ? compileGuarded(subject, compileMember) : compileUnguarded(subject);
  }

  function compileUnguarded(subject: AnyAgent | AnyTeam | Orchestrator | Workflow | AnyFlow): Compiled {
    if (subject.kind === 'workflow') return subject.compile(context);
    if (subject.kind === 'flow') return compileFlow(subject);
    return subject.kind === 'agent' ? compileAgent(subject, false) : compileMember(subject);
  }

  function compileRunnable(subject: Runnable): ActorType {
    if (subject.kind === 'machine') return subject.type;
    requireNesting(subject);
    if (subject.kind === 'guarded') {
      const { machine, options, name } = compileGuarded(subject, compileMember);
      return actorType(machine, { ...options, name });
    }
    const { machine, options } = compileUnguarded(subject);
    return actorType(machine, options);
  }

  return (subject) => {
    requireRunnable(subject);
    const known = types.get(subject);
    if (known) return known;
    const made = compileRunnable(subject);
    const type = context.prepare?.(made) ?? made;
    types.set(subject, type);
    return type;
  };
}
