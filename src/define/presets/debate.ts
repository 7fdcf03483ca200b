/** A preset: several members argue side by side for some rounds, then a judge decides. */
import * as z from 'zod';
import { TroupeError } from '../../values/failure.ts';
import { latestOf } from '../team.ts';
import { conversationFrom, conversationPrompt, partsSoFar } from './conversation.ts';
import {
  atLeastOne,
  finishWith,
  presetLabel,
  presetOptionNames,
  makePreset,
  sendTo,
  waitForOthers,
  type Preset,
  type PresetOptions,
} from './preset.ts';
import {
  participantsByName,
  participantMember,
  participantName,
  requireText,
  participantMessages,
  type ParticipantOutput,
  type Participant,
} from './participants.ts';

/** What a debate is defined with. */
export interface DebateOptions<J extends Participant> extends PresetOptions {
  /** The members that argue; two or more. */
  readonly debaters: readonly Participant[];
  /** Reads everything and gives the team's answer, of any type. It takes a text. */
  readonly judge: J;
  /** How many rounds of argument; 2 by default. */
  readonly rounds?: number;
}

/**
 * A team whose debaters answer the same question side by side, then answer what the others said, round after round, until a judge decides.
 * @example debate({ name: 'court', debaters: [optimist, pessimist], judge, rounds: 2 })
 */
export function debate<J extends Participant>(options: DebateOptions<J>): Preset<string, ParticipantOutput<J>> {
  const where = presetLabel('debate', options, { ...presetOptionNames, debaters: true, judge: true, rounds: true });
  const { judge, rounds = 2 } = options;
  const debaters = participantsByName(where, options.debaters);
  if (debaters.size < 2)
    throw new TroupeError('definition', `A debate needs two who argue; the ${where} has ${debaters.size}.`);
  const judgeName = participantName(where, judge, options.debaters);
  for (const participant of debaters.values()) requireText(where, participant);
  const verdict = participantMessages(where, judge);
  if (!verdict.input.safeParse('text').success)
    throw new TroupeError('definition', `The judge of ${where} must take a text: it is shown what was said.`);
  const names = [...debaters.keys()];
  const turns = atLeastOne(`rounds of ${where}`, rounds) * names.length;
  return makePreset(options, {
    what: 'debate',
    messages: {
      task: { body: z.string() },
      argue: { body: z.string(), replies: ['argument'] },
      argument: { body: z.string() },
      judge: { body: z.string(), replies: ['result'] },
      result: { body: verdict.output },
    },
    members: (protocol) => ({
      ...Object.fromEntries(
        [...debaters].map(([name, participant]) => [
          name,
          participantMember(where, participant, { protocol, handles: ['argue'], gives: 'argument' }),
        ]),
      ),
      [judgeName]: participantMember(where, judge, { protocol, handles: ['judge'], gives: 'result' }),
    }),
    next(said) {
      const { type, body } = latestOf(said);
      if (type === 'result') return finishWith(body);
      const conversation = conversationFrom(said);
      const argued = conversation.turns.length;
      if (argued % names.length !== 0) return waitForOthers;
      if (argued === turns)
        return sendTo(
          judgeName,
          'judge',
          conversationPrompt(conversation, 'You are the judge. Decide.'),
          partsSoFar(said),
        );
      const ask = (name: string) =>
        argued === 0
          ? `You are ${name}. Say where you stand, and why.`
          : `You are ${name}. Answer what the others said: agree, or say where they are wrong.`;
      return {
        send: names.map((to) => ({
          to,
          type: 'argue',
          body: conversationPrompt(conversation, ask(to)),
          ...partsSoFar(said),
        })),
      };
    },
    maxTurns: turns + 1,
  });
}
