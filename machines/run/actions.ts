/** The actions that depend on the settings of a run and on what its members are. */
import type { AnyActorRef } from 'xstate';
import { spawnByName } from '../spawnByName.ts';
import { memberEndOf, memberInput, defaultMember, memberCommandEvent, type MemberCommand } from '../member.ts';
import { addUsage } from '../usage.ts';
import { eventContextOf } from '../../src/contracts/eventContext.ts';
import { partsIn } from '../../src/contracts/parts.ts';
import { parent } from '../parent.ts';
import { runSetupBase, runActions } from './setupBase.ts';
import { memberChildId, activeMembers, type RoutedMessage, type RunContext } from './context.ts';
import { furtherDecisionsIn, routedMessagesIn, type RunEvent } from './events.ts';
import type { RunSettings } from './settings.ts';
import * as leaseUpdates from './leases.ts';
import { endedSlots, serviceChildId, workForService } from './services.ts';
import { isChildError } from '../childEvents.ts';
import { answerOrFailure, freeSlots } from './updates.ts';

const { enqueueActions } = runSetupBase;

export function runActionsOf(settings: RunSettings) {
  /** What was decided about one message, and about those after it: not with a budget, which is lent for each, and not beyond the most turns. */
  const decisionsToTake = (context: RunContext, event: RunEvent): readonly (readonly RoutedMessage[])[] => {
    const decided = [routedMessagesIn(event)];
    if (leaseUpdates.hasBudget(context, settings)) return decided;
    let left = settings.limits.maxTurns - context.turns - routedMessagesIn(event).length;
    for (const messages of furtherDecisionsIn(event)) {
      left -= messages.length;
      if (left < 0) break;
      decided.push(messages);
    }
    return decided;
  };
  const { members: known = {} } = settings;
  const membership = (name: string) => known[name] ?? defaultMember;
  /** The id of the child that works in a slot. */
  const childAt = (slotIndex: number, name: string) =>
    membership(name).kind === 'standing' ? serviceChildId(name) : memberChildId(slotIndex);
  const tellAll = (command: MemberCommand, reasonOf: (context: RunContext) => string = () => '') =>
    enqueueActions(({ context, enqueue }) => {
      for (const { slotIndex, name } of activeMembers(context)) {
        const event = memberCommandEvent(membership(name), command, String(slotIndex), reasonOf(context));
        enqueue.sendTo<AnyActorRef>(childAt(slotIndex, name), event);
      }
    });
  return runActions({
    /** Hands every message to its member; where there is a budget, with the leases that were granted for them. */
    delegate: enqueueActions(({ context, event, enqueue }) => {
      const [members, granted, leases] = [[...context.members], [...context.granted], [...context.leases]];
      const [asked, standing] = [[...context.asked], [...context.standing]];
      const { sending } = context;
      const left = event.type === 'treasury.granted' ? event.budget : {};
      const decided = sending ? [sending.messages] : decisionsToTake(context, event);
      const messages = decided.flat();
      for (const [nth, { to, type, body, parts }] of messages.entries()) {
        const free = members.indexOf(null);
        const slotIndex = free < 0 ? members.length : free;
        members[slotIndex] = to;
        granted[slotIndex] = left;
        const leaseId = sending ? leaseUpdates.leaseIdOf(sending, nth) : null;
        leases[slotIndex] = leaseId;
        asked[slotIndex] = context.turns + nth;
        const who = membership(to);
        const lease = leaseUpdates.leaseForMember(leaseId ?? undefined, settings);
        const handed = { type, body, ...partsIn(parts), left, depth: context.depth + 1, ...lease };
        // Each member of the team is provided under its name.
        if (who.kind !== 'standing') spawnByName(enqueue, to, memberChildId(slotIndex), memberInput(who, handed));
        else {
          if (!standing.includes(to)) {
            standing.push(to);
            spawnByName(enqueue, to, serviceChildId(to), { standing: true });
          }
          enqueue.sendTo<AnyActorRef>(serviceChildId(to), workForService(who, slotIndex, handed));
        }
      }
      const turns = context.turns + messages.length;
      const routed = context.routed + decided.length;
      enqueue.assign({ members, granted, leases, asked, standing, sending: undefined, turns, routed });
    }),
    openTreasury: enqueueActions(({ context, enqueue }) => {
      if (!leaseUpdates.hasBudget(context, settings)) return;
      enqueue.spawnChild('treasurer', {
        id: leaseUpdates.treasurerId,
        input: leaseUpdates.treasurerInput(context, settings),
      });
    }),
    closeTreasury: enqueueActions(({ context, enqueue }) => {
      if (leaseUpdates.hasBudget(context, settings)) enqueue.stopChild(leaseUpdates.treasurerId);
    }),
    /** A member has ended: its slot is free, what it used is counted, and its answer is a message of the run. */
    takeEnd: enqueueActions(({ context, event, enqueue }) => {
      const slotIndexes = endedSlots(context, event);
      const [slotIndex] = slotIndexes;
      const name = slotIndex === undefined ? '' : (context.members[slotIndex] ?? '');
      const end = memberEndOf(event, membership(name));
      const { usage } = end;
      // A member that broke, instead of failing, ends the run.
      const answer = isChildError(event) ? undefined : answerOrFailure(end, settings);
      if (slotIndex !== undefined && membership(name).kind !== 'standing') enqueue.stopChild(memberChildId(slotIndex));
      const message = answer && slotIndex !== undefined && { ...answer, from: name };
      if (message) {
        const entry = { ...message, turn: context.asked[slotIndex] ?? 0, usage, at: eventContextOf(event).at };
        enqueue({ type: 'append', params: { list: 'messages', entry } });
      }
      enqueue.assign({
        ...freeSlots(context, slotIndexes),
        ...(slotIndex === undefined ? {} : { used: addUsage(context.used, usage) }),
        ...(message ? { said: context.said + 1, latest: message } : {}),
      });
    }),
    /** Passes a budget message on, up or down. */
    carryWord: enqueueActions(({ context, event, enqueue }) => {
      if (!leaseUpdates.isLeaseMessage(event)) return;
      const to = leaseUpdates.leaseRecipient(context, event);
      if (to === 'above') enqueue.sendTo(parent, event);
      else if (to === 'treasurer') enqueue.sendTo<AnyActorRef>(leaseUpdates.treasurerId, event);
      else if (to !== undefined) {
        enqueue.sendTo<AnyActorRef>(childAt(to, context.members[to] ?? ''), event);
        if (event.type === 'treasury.granted') enqueue.assign({ granted: context.granted.with(to, event.budget) });
      }
    }),
    abandonMembers: enqueueActions(({ context, enqueue }) => {
      const left = activeMembers(context).map(({ slotIndex, name }) => childAt(slotIndex, name));
      for (const id of new Set(left)) enqueue.stopChild(id);
    }),
    stopMembers: tellAll('cancel', ({ outcome, failure: reason }) =>
      outcome?.status === 'completed'
        ? 'the run has its answer'
        : (outcome?.reason ?? reason?.message ?? 'the run ended'),
    ),
    pauseMembers: tellAll('pause'),
    resumeMembers: tellAll('resume'),
  });
}
