/** A map-reduce whose worker is a plain function: all items are performed in one actor. */
import * as z from 'zod';
import { requireResult } from '../../../actors/poolPass.ts';
import type { EffectKind } from '../../contracts/effect.ts';
import type { ItemScope } from '../../contracts/item.ts';
import { distinctParts, partsIn } from '../../contracts/parts.ts';
import type { Messages } from '../../contracts/protocol.ts';
import { describeValue } from '../../values/explain.ts';
import { TroupeError } from '../../values/failure.ts';
import type { Json } from '../../values/json.ts';
import { namedCall } from '../namedCall.ts';
import { pool } from '../pool.ts';
import { latestOf } from '../team.ts';
import { itemLimits, itemsOf, listedAnswers, type ItemOptions } from './items.ts';
import { gathererMember, participantMessages, participantName, type Participant } from './participants.ts';
import { finishWith, makePreset, sendTo, type Preset, type PresetOptions } from './preset.ts';

/** What a map-reduce over a plain function is defined with. */
export interface MapFunctionOptions<I, Item, Result> extends PresetOptions, ItemOptions {
  /** The schema of the team's input; a text by default. */
  readonly input?: z.ZodType<I, I>;
  /** Splits a task into items, of any type. Pure, as `reduce` is: both are called again after a restart. */
  readonly split: (task: I) => readonly Item[];
  /** Works on one item. Its result is JSON, and is kept: after a crash, an item with a result is not worked on again. */
  readonly map: (item: Item, scope: ItemScope) => Result | Promise<Result>;
  /** What `map` does outside: `pure`, `read` or `write`; `read` by default. What was begun before a crash is begun again, except a `write` that is not `idempotent`. */
  readonly effect?: EffectKind;
  /** For a `write`: the other side honours `scope.key`, so that working on an item again changes nothing. False by default. */
  readonly idempotent?: boolean;
}

const effectKinds: readonly unknown[] = ['pure', 'read', 'write'] satisfies EffectKind[];

/** The member that works on the items. */
const poolName = 'items';

/** Makes it. The options were checked to have no other names; `where` names the preset in messages. */
export function mapFunction(
  where: string,
  options: MapFunctionOptions<unknown, unknown, unknown> & {
    readonly reduce: Participant | ((results: never, task: never) => unknown);
  },
): Preset<unknown, unknown> {
  const { map, reduce, effect = 'read', idempotent = false } = options;
  const { maxItems, ...limits } = itemLimits(where, options);
  if (!effectKinds.includes(effect))
    throw new TroupeError('definition', `The effect of ${where} is pure, read or write; got ${describeValue(effect)}.`);
  const reducer = typeof reduce === 'function' ? undefined : reduce;
  const gatherer = reducer ? { name: participantName(where, reducer), participant: reducer } : undefined;
  const last = reducer ? participantMessages(where, reducer) : undefined;
  const takesText = last?.input.safeParse('text').success === true;
  const gathering: Messages = last ? { gather: { body: last.input, replies: ['result'] } } : {};
  const task = options.input ?? z.string();
  const work = {
    name: where,
    split: itemsOf(where, options.split, maxItems),
    map,
    // The overloads of the preset say what the results are; here they are of any type.
    reduce: (results: readonly Json[], given: Json): Json => {
      if (typeof reduce === 'function')
        return requireResult(namedCall(`The reduce of ${where}`, () => reduce(results as never, given as never)));
      return takesText ? listedAnswers(results) : results;
    },
    effect,
    idempotent,
    ...limits,
  };

  return makePreset(options, {
    what: 'map-reduce',
    messages: {
      task: { body: task },
      items: { body: task, replies: ['mapped'] },
      mapped: { body: last?.input ?? z.json() },
      ...gathering,
      result: { body: last?.output ?? z.json() },
    },
    members: (protocol) => ({
      [poolName]: pool(poolName, work, { protocol, handles: ['items'], gives: 'mapped' }),
      ...gathererMember(where, gatherer, protocol),
    }),
    next(said) {
      const [first] = said;
      const { type, body, parts } = latestOf(said);
      if (type === 'task') return sendTo(poolName, 'items', body);
      if (type === 'mapped' && gatherer)
        return sendTo(gatherer.name, 'gather', body, partsIn(distinctParts(first?.parts, parts)));
      return finishWith(body);
    },
  });
}
