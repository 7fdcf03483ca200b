/** A preset: a function or a model chooses the next speaker. */
import * as z from 'zod';
import type { Agent } from '../agent.ts';
import { came } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Messages } from '../../contracts/protocol.ts';
import { kindOf } from '../schemas.ts';
import { latestOf } from '../team.ts';
import { boundOf, ChatResult, conversationOf, over, prompt, type ChatOptions } from './conversation.ts';
import { place, preset, send, type Preset } from './preset.ts';
import { requireUntil, type Conversation } from './until.ts';
import { cast, memberOf, requireText, type Voice } from './participants.ts';

/** Gives the name of the next speaker. Pure: it is called again after a restart. */
export type Choose = (conversation: Conversation, members: readonly string[]) => string;

/** What a conversation with a selector is defined with. */
export interface SelectorOptions extends ChatOptions {
  /** The members that may speak; at least one. */
  readonly members: readonly Voice[];
  /** A pure function, or an agent without a protocol, which is shown the conversation and the names. */
  readonly choose: Choose | Agent<Record<never, never>, never>;
}

/**
 * A conversation whose next speaker is chosen each time, by a function or by a model.
 * @example selector({ name: 'desk', members: [writer, critic], choose: ({ turns }) => (turns.length % 3 === 2 ? 'critic' : 'writer'), until: until.maxTurns(9) })
 */
export function selector(options: SelectorOptions): Preset<string, ChatResult> {
  const where = place('selector', options);
  const { choose } = options;
  const chooser = typeof choose === 'function' ? undefined : requireChooser(where, choose);
  const voices = cast(where, options.members);
  cast(where, chooser ? [...options.members, chooser] : options.members);
  for (const voice of voices.values()) requireText(where, voice);
  const until = requireUntil(where, options.until);
  const names = [...voices.keys()];
  const choices: Messages = {
    choose: { body: z.string(), replies: ['chosen'] },
    chosen: { body: z.object({ speaker: z.enum(names) }) },
  };
  return preset(options, {
    what: 'selector',
    messages: {
      task: { body: z.string() },
      turn: { body: z.string(), replies: ['said'] },
      said: { body: z.string() },
      ...(chooser ? choices : {}),
      result: { body: ChatResult },
    },
    members: (protocol) => ({
      ...Object.fromEntries(
        [...voices].map(([name, voice]) => [
          name,
          memberOf(where, voice, { protocol, handles: ['turn'], gives: 'said' }),
        ]),
      ),
      ...(chooser ? { [chooser.name]: memberOf(where, chooser, { protocol, handles: ['choose'] }) } : {}),
    }),
    next(said) {
      const conversation = conversationOf(said);
      const { type, body } = latestOf(said);
      const turn = (speaker: string) =>
        send(speaker, 'turn', prompt(conversation, `You are ${speaker}. It is your turn.`));
      if (type === 'chosen') return turn(Chosen.parse(body).speaker);
      const reason = until.reason(conversation);
      if (reason !== undefined) return over(conversation, reason);
      if (typeof choose === 'function') return turn(choose(conversation, names));
      return send(choose.name, 'choose', prompt(conversation, `Who speaks next? One of ${names.join(', ')}.`));
    },
    ...boundOf(until, chooser ? 2 : 1),
  });
}

const Chosen = z.object({ speaker: z.string() });

const isPlainAgent = (value: unknown): value is Agent<Record<never, never>, never> =>
  kindOf(value) === 'agent' && z.object({ handles: z.array(z.unknown()).length(0) }).safeParse(value).success;

function requireChooser(where: string, choose: unknown): Agent<Record<never, never>, never> {
  if (isPlainAgent(choose)) return choose;
  throw new TroupeError(
    'definition',
    `In ${where}, "choose" is a function of the conversation, or an agent without a protocol; got ${came(choose)}.`,
  );
}
