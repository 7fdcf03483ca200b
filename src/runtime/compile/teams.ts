/** Compiles teams. */
import * as z from 'zod';
import { runActor } from '../../../actors/run.ts';
import { defaultRunLimits } from '../../../machines/run/settings.ts';
import { RunSignal } from '../../contracts/run.ts';
import { TreasuryAnswer, TreasuryLease, TreasurySignal } from '../../contracts/treasury.ts';
import { WorkDone } from '../../contracts/work.ts';
import { defaultSupervision, type ActorTypeOptions } from '../../core/actorType.ts';
import type { AnyTeam } from '../../define/anyMember.ts';
import type { Compiled, Member } from '../../define/member.ts';
import { milliseconds } from '../../values/duration.ts';
import type { CompileContext } from './compileContext.ts';
import { childOptionsOf, compileMembers, machinesOf, memberFactsOf, type CompileMember } from './members.ts';
import { ticketOptions } from './ticketOptions.ts';

/** The messages that a run takes: signals, finished work of its long-lived members, and answers of a treasurer. */
const runSignals = z.union([RunSignal, WorkDone, TreasuryLease, TreasuryAnswer]);

const treasurerOptions: ActorTypeOptions = { signals: TreasurySignal, children: ticketOptions };

/** How many messages a run may hand out, with those that are handed out again because a member failed. The route of a supervised team counts its own. */
const mostTurns = ({ options: { maxTurns = defaultRunLimits.maxTurns, supervise } }: AnyTeam): number =>
  supervise ? maxTurns * (1 + (supervise.maxRestarts ?? defaultSupervision.maxRestarts)) : maxTurns;

/** A team with its members. */
export function compileTeam(
  team: AnyTeam,
  { sharesUnasked }: Pick<CompileContext, 'sharesUnasked'>,
  compileMember: CompileMember,
): Compiled {
  const { supervise, budget, onExhausted, deadline, maxTurns } = team.options;
  const members: [string, Member][] = Object.entries(team.members);
  const parts = compileMembers(members, compileMember);
  const limits = {
    ...(deadline === undefined ? {} : { deadline: milliseconds(deadline) }),
    ...(maxTurns === undefined && !supervise ? {} : { maxTurns: mostTurns(team) }),
  };
  const machine = runActor({
    next: (said) => team.next(said) as never,
    members: machinesOf(parts),
    memberships: Object.fromEntries(members.map(([name, member]) => [name, memberFactsOf(member)])),
    settings: {
      limits,
      name: team.name,
      ...(sharesUnasked ? {} : { asksFirst: true }),
      ...(team.failureMessage === undefined ? {} : { failureMessage: team.failureMessage }),
      ...(budget ? { budget } : {}),
      ...(onExhausted ? { onExhausted } : {}),
    },
  });
  const { within, ...rest } = supervise ?? {};
  return {
    machine,
    options: {
      signals: runSignals,
      endsByDeadline: true,
      deadline: limits.deadline ?? defaultRunLimits.deadline,
      supervise: { ...rest, ...(within === undefined ? {} : { within: milliseconds(within) }) },
      children: { ...childOptionsOf(parts), treasurer: treasurerOptions },
    },
  };
}
