/** A preset: splits a task into items, gives each to a worker, some at a time, and makes one answer of all answers. */
import * as z from 'zod';
import { describeValue } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Messages } from '../../contracts/protocol.ts';
import { latestOf } from '../team.ts';
import type { TeamMessage } from '../teamDefinition.ts';
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
  participantMember,
  participantName,
  participantMessages,
  type ParticipantInput,
  type ParticipantOutput,
  type Participant,
} from './participants.ts';

/** What a map-reduce is defined with. */
export interface MapReduceOptions<I, M extends Participant> extends PresetOptions {
  /** The schema of the team's input; a text by default. */
  readonly input?: z.ZodType<I, I>;
  /** Splits a task into items. Pure, as `reduce` is: both are called again after a restart. */
  readonly split: (task: I) => readonly ParticipantInput<M>[];
  /** The member that works on one item. */
  readonly map: M;
  /** How many items are worked on at once; 8 by default. */
  readonly concurrency?: number;
  /** The run fails when there are more items than this; 10,000 by default. */
  readonly maxItems?: number;
}

/**
 * A team that takes a task apart, gives every item to a worker of its own, so many at a time, and makes one answer of theirs.
 * @example mapReduce({ name: 'digest', split: (text) => text.split('\n\n'), map: summarizer, reduce: (all) => all.join('\n'), concurrency: 16 })
 */
export function mapReduce<M extends Participant, R, I = string>(
  options: MapReduceOptions<I, M> & {
    /** Makes the answer of all answers, which are in the order of their items. */
    readonly reduce: (answers: readonly ParticipantOutput<M>[], task: I) => R;
  },
): Preset<I, R>;
export function mapReduce<M extends Participant, V extends Participant, I = string>(
  options: MapReduceOptions<I, M> & {
    /** The member that gets all answers, as a list or as a text, and makes one answer of them. */
    readonly reduce: V;
  },
): Preset<I, ParticipantOutput<V>>;
export function mapReduce(
  options: MapReduceOptions<unknown, Participant> & {
    readonly reduce: Participant | ((answers: never, task: unknown) => unknown);
  },
): Preset<unknown, unknown> {
  const where = presetLabel('map-reduce', options, {
    ...presetOptionNames,
    input: true,
    split: true,
    map: true,
    reduce: true,
    concurrency: true,
    maxItems: true,
  });
  const { map, reduce, concurrency = 8, maxItems = 10_000 } = options;
  const width = atLeastOne(`concurrency of ${where}`, concurrency);
  const itemLimit = atLeastOne(`maxItems of ${where}`, maxItems);
  const reducer = typeof reduce === 'function' ? undefined : reduce;
  const mapper = participantName(where, map);
  const gatherer = reducer ? { name: participantName(where, reducer, [map]), participant: reducer } : undefined;
  const worker = participantMessages(where, map);
  const last = reducer ? participantMessages(where, reducer) : undefined;
  const split = splitter(where, options.split, itemLimit);
  const gathering: Messages = last ? { gather: { body: last.input, replies: ['result'] } } : {};
  const takesText = last?.input.safeParse('text').success === true;

  return makePreset(options, {
    what: 'map-reduce',
    messages: {
      task: { body: options.input ?? z.string() },
      item: { body: worker.input, replies: ['mapped'] },
      mapped: { body: worker.output },
      ...gathering,
      result: { body: last?.output ?? z.json() },
    },
    members: (protocol) => ({
      [mapper]: participantMember(where, map, { protocol, handles: ['item'], gives: 'mapped' }),
      ...(gatherer
        ? {
            [gatherer.name]: participantMember(where, gatherer.participant, {
              protocol,
              handles: ['gather'],
              gives: 'result',
            }),
          }
        : {}),
    }),
    // Looks at the latest message and at how many there are: what a step costs does not grow with the items.
    next(said) {
      const { type, body } = latestOf(said);
      if (type === 'result') return finishWith(body);
      const [task = latestOf(said)] = said;
      const items = split(task);
      const answered = said.length - 1;
      const started = answered === 0 ? 0 : Math.min(items.length, width + answered - 1);
      if (answered === items.length) return gather(said);
      const next = items.slice(started, Math.min(items.length, width + answered));
      return next.length === 0
        ? waitForOthers
        : { send: next.map((item) => ({ to: mapper, type: 'item', body: item })) };
    },
    maxTurns: itemLimit + 1,
  });

  function gather([task, ...answers]: readonly TeamMessage[]) {
    const all = answers.toSorted((a, b) => (a.turn ?? 0) - (b.turn ?? 0)).map(({ body }) => body);
    // The overloads say what the answers are; here they are of any type.
    if (typeof reduce === 'function') return finishWith(reduce(all as never, task?.body));
    return sendTo(gatherer?.name ?? '', 'gather', takesText ? all.map(listed).join('\n\n') : all);
  }
}

const listed = (body: unknown, index: number): string =>
  `${index + 1}. ${typeof body === 'string' ? body : JSON.stringify(body)}`;

/** A task is taken apart once for as long as its message is held in memory. */
function splitter(where: string, split: (task: unknown) => readonly unknown[], most: number) {
  const known = new WeakMap<TeamMessage, readonly unknown[]>();
  return (task: TeamMessage): readonly unknown[] => {
    const before = known.get(task);
    if (before) return before;
    const items: readonly unknown[] = split(task.body);
    if (!Array.isArray(items))
      throw new TroupeError(
        'definition',
        `The split of ${where} must give a list of items; it gave ${describeValue(items)}.`,
      );
    if (items.length > most)
      throw new TroupeError(
        'invalid',
        `The task of ${where} has ${items.length} items, and maxItems is ${most}. Raise it, or split into fewer.`,
      );
    known.set(task, items);
    return items;
  };
}
