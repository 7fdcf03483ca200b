/** Compiles orchestrators. */
import * as z from 'zod';
import { routerActor } from '../../../actors/router.ts';
import { RouterSignal } from '../../contracts/orchestration.ts';
import { TreasuryAnswer, TreasuryLease } from '../../contracts/treasury.ts';
import { Work, WorkDone, WorkSignal } from '../../contracts/work.ts';
import { memberDefinition } from '../../define/anyMember.ts';
import type { Compiled, Member } from '../../define/member.ts';
import type { Orchestrator } from '../../define/orchestratorDefinition.ts';
import { orchestratorSettings } from '../../define/orchestratorSettings.ts';
import { selectWith } from '../../define/routers.ts';
import type { CompileContext } from './compileContext.ts';
import { compileGuardrails } from './guardrails.ts';
import { childOptionsOf, compileMembers, machinesOf, type CompileMember } from './members.ts';

/** The messages that a router takes: those of a run, and work where it is a member itself. */
const routerSignals = z.union([RouterSignal, Work, WorkSignal, WorkDone, TreasuryLease, TreasuryAnswer]);

/** An orchestrator with its members, and its guardrails between them. */
export function compileOrchestrator(
  subject: Orchestrator,
  { gateway }: Pick<CompileContext, 'gateway'>,
  compileMember: CompileMember,
): Compiled {
  const { router, guardrails } = subject;
  const parts = compileMembers(
    subject.members.map(({ id, agent }): [string, Member] => [id, memberDefinition(agent)]),
    compileMember,
  );
  const guard = guardrails.length > 0 ? compileGuardrails(guardrails, parts) : undefined;
  return {
    machine: routerActor({
      settings: orchestratorSettings(subject),
      ...(guard ? { guard: guard.machine } : {}),
      members: machinesOf(parts),
      ...(router.chooser ? { select: selectWith(router.chooser, gateway) } : {}),
    }),
    options: {
      signals: routerSignals,
      endsByDeadline: true,
      children: { ...childOptionsOf(parts), ...(guard ? { guard: { ...guard.options, name: guard.name } } : {}) },
    },
  };
}
