/** A preset: splits a task into items, gives each to a worker, some at a time, and makes one answer of all answers. */
import * as z from 'zod';
import { failureKinds, TroupeError, type FailureKind } from '../../values/failure.ts';
import type { Messages } from '../../contracts/protocol.ts';
import { namedCall } from '../namedCall.ts';
import { latestOf } from '../team.ts';
import { itemLimits, itemsOf, listedAnswers, type ItemOptions } from './items.ts';
import { mapFunction, type MapFunctionOptions } from './mapFunction.ts';
import { distinctParts, partsIn } from '../../contracts/parts.ts';
import type { PassedOn, TeamMessage } from '../teamDefinition.ts';
import {
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
  gathererMember,
  participantMember,
  participantName,
  participantMessages,
  type ParticipantInput,
  type ParticipantOutput,
  type Participant,
} from './participants.ts';

/** What a map-reduce is defined with. */
export interface MapReduceOptions<I, M extends Participant> extends PresetOptions, ItemOptions {
  /** The schema of the team's input; a text by default. */
  readonly input?: z.ZodType<I, I>;
  /** Splits a task into items. Pure, as `reduce` is: both are called again after a restart. */
  readonly split: (task: I) => readonly ParticipantInput<M>[];
  /** The member that works on one item. */
  readonly map: M;
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
/**
 * The same with a plain function as the worker. Its items are no actors: tens of thousands in a second, and the results are as durable.
 * @example mapReduce({ name: 'links', split: (text) => text.split('\n'), map: async (url, { signal }) => (await fetch(url, { signal })).status, reduce: (all) => all, concurrency: 50 })
 */
export function mapReduce<Item, Result, R, I = string>(
  options: MapFunctionOptions<I, Item, Result> & {
    /** Makes the answer of all results, which are in the order of their items. */
    readonly reduce: (results: readonly Result[], task: I) => R;
  },
): Preset<I, R>;
export function mapReduce<Item, Result, V extends Participant, I = string>(
  options: MapFunctionOptions<I, Item, Result> & {
    /** The member that gets all results, as a list or as a text, and makes one answer of them. */
    readonly reduce: V;
  },
): Preset<I, ParticipantOutput<V>>;
export function mapReduce(
  options: (MapReduceOptions<unknown, Participant> | MapFunctionOptions<unknown, unknown, unknown>) & {
    readonly reduce: Participant | ((answers: never, task: unknown) => unknown);
  },
): Preset<unknown, unknown> {
  return isFunctionMap(options)
    ? mapFunction(presetLabel('map-reduce', options, { ...optionNames, effect: true, idempotent: true }), options)
    : mapMember(options as MapReduceOptions<unknown, Participant> & Reduction);
}

const optionNames = {
  ...presetOptionNames,
  input: true,
  split: true,
  map: true,
  reduce: true,
  concurrency: true,
  maxItems: true,
  retries: true,
  maxFailures: true,
} as const;

interface Reduction {
  readonly reduce: Participant | ((answers: never, task: unknown) => unknown);
}

const isFunctionMap = (
  options: Reduction & { readonly map: unknown },
): options is MapFunctionOptions<unknown, unknown, unknown> & Reduction => typeof options?.map === 'function';

function mapMember(options: MapReduceOptions<unknown, Participant> & Reduction): Preset<unknown, unknown> {
  const where = presetLabel('map-reduce', options, optionNames);
  const { map, reduce } = options;
  const { concurrency: width, maxItems: itemLimit, retries, maxFailures } = itemLimits(where, options);
  const reducer = typeof reduce === 'function' ? undefined : reduce;
  const isForgiving = retries > 0 || maxFailures > 0;
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
      ...(isForgiving ? { failed: { body: ItemFailure } } : {}),
      ...gathering,
      result: { body: last?.output ?? z.json() },
    },
    members: (protocol) => ({
      [mapper]: participantMember(where, map, { protocol, handles: ['item'], gives: 'mapped' }),
      ...gathererMember(where, gatherer, protocol),
    }),
    // Looks at the latest message and at how many there are: what a step costs does not grow with the items.
    next(said) {
      const { type, body } = latestOf(said);
      if (type === 'result') return finishWith(body);
      const [task = latestOf(said)] = said;
      const items = split(task);
      // Only then can there be such a message: no other team goes through all messages for each of them.
      if (isForgiving && said.some(({ type: each }) => each === 'failed')) return forgiving(said, items);
      const answered = said.length - 1;
      const started = answered === 0 ? 0 : Math.min(items.length, width + answered - 1);
      if (answered === items.length) return gather(said);
      const next = items.slice(started, Math.min(items.length, width + answered));
      return next.length === 0
        ? waitForOthers
        : { send: next.map((item) => ({ to: mapper, type: 'item', body: item, ...ofTask(said) })) };
    },
    maxTurns: itemLimit * (1 + retries) + 1,
    ...(isForgiving ? { failureMessage: 'failed' } : {}),
  });

  /** The same once a worker has failed: the messages are gone through again, to know which item each of them is about. */
  function forgiving(said: readonly TeamMessage[], items: readonly unknown[]) {
    const { answers, sent, leftOut, isOver } = progressOf(said, { count: items.length, width, retries });
    const [last] = leftOut.slice(maxFailures);
    if (last)
      throw new TroupeError(
        last.failure.kind,
        `${leftOut.length} of ${items.length} items of ${where} failed, and ${maxFailures} may. Item ${last.item + 1}: ${last.failure.message}`,
        { data: { failed: leftOut.map(({ item }) => item + 1) } },
      );
    if (isOver) return gather([said[0] ?? latestOf(said), ...answers]);
    return sent === undefined ? waitForOthers : sendTo(mapper, 'item', items[sent], ofTask(said));
  }

  function gather([task, ...answers]: readonly TeamMessage[]) {
    const made = partsIn(distinctParts(...answers.map(({ parts }) => parts)));
    const together = partsIn(distinctParts(task?.parts, made.parts));
    const all = answers.toSorted((a, b) => (a.turn ?? 0) - (b.turn ?? 0)).map(({ body }) => body);
    // The overloads say what the answers are; here they are of any type.
    if (typeof reduce === 'function')
      return finishWith(
        namedCall(`The reduce of ${where}`, () => reduce(all as never, task?.body)),
        made,
      );
    return sendTo(gatherer?.name ?? '', 'gather', takesText ? listedAnswers(all) : all, together);
  }
}

/** Each item comes with what came with the task, and with nothing that the worker of another item made. */
const ofTask = (said: readonly TeamMessage[]): PassedOn =>
  said[0]?.parts !== undefined || said.at(-1)?.parts !== undefined ? { parts: said[0]?.parts ?? [] } : {};

/** Why the worker of an item failed. Its kinds are the names of the table of kinds. */
const ItemFailure = z.object({
  kind: z.enum(Object.keys(failureKinds) as [FailureKind, ...FailureKind[]]),
  message: z.string(),
});

interface Progress {
  /** The answers, in the order of their items. */
  readonly answers: readonly TeamMessage[];
  /** The item that is handed out after the latest message; undefined for none. */
  readonly sent: number | undefined;
  /** The items that are left out, and why. */
  readonly leftOut: readonly { readonly item: number; readonly failure: z.infer<typeof ItemFailure> }[];
  readonly isOver: boolean;
}

/** Goes through the messages of a map-reduce. After each one, an item is handed out: the same one again, or the next. */
function progressOf(
  [, ...said]: readonly TeamMessage[],
  { count, width, retries }: { readonly count: number; readonly width: number; readonly retries: number },
): Progress {
  /** The item of each message that was handed out. */
  const itemAt = Array.from({ length: Math.min(count, width) }, (_, item) => item);
  const tries = new Map<number, number>();
  const answers = new Map<number, TeamMessage>();
  const leftOut: { item: number; failure: z.infer<typeof ItemFailure> }[] = [];
  let [next, sent] = [itemAt.length, undefined as number | undefined];
  for (const message of said) {
    const item = itemAt[message.turn ?? 0] ?? 0;
    const tried = (tries.get(item) ?? 0) + 1;
    tries.set(item, tried);
    const isAgain = message.type === 'failed' && tried <= retries;
    if (message.type !== 'failed') answers.set(item, { ...message, turn: item });
    else if (!isAgain) leftOut.push({ item, failure: ItemFailure.parse(message.body) });
    sent = isAgain ? item : next < count ? next++ : undefined;
    if (sent !== undefined) itemAt.push(sent);
  }
  return { answers: [...answers.values()], sent, leftOut, isOver: answers.size + leftOut.length === count };
}

/** A task is taken apart once for as long as its message is held in memory. */
function splitter(where: string, split: (task: unknown) => readonly unknown[], most: number) {
  const known = new WeakMap<TeamMessage, readonly unknown[]>();
  const apart = itemsOf(where, split, most);
  return (task: TeamMessage): readonly unknown[] => {
    const items = known.get(task) ?? apart(task.body);
    known.set(task, items);
    return items;
  };
}
