/** Replays of flows: a new run that takes the results of another one, and performs the rest anew. */
import { inputHash } from '../../actors/flow/inputHash.ts';
import { keptRecordsList } from '../contracts/flow/record.ts';
import type { FlowStart } from '../contracts/flow/flow.ts';
import { replayPlan, type CallPlan } from '../flow/replayPlan.ts';
import type { ActorRow, Journal } from '../journal/journal.ts';
import { TroupeError } from '../values/failure.ts';
import { asJson, isJsonObject, type Json, type JsonObject } from '../values/json.ts';
import { flowRecords, flowStartOf } from './flowRecords.ts';

/** How a flow is replayed. Every field may be left out, but one of `from` and `overrides` is needed. */
export interface ReplaySettings {
  /** The call from which it is performed anew: its name, its invocation id, or `<run>/<invocation id>`. */
  readonly from?: string;
  /** Results that are given instead of those recorded, by `checkpoint.<call>`, `wait.<call>`, `signal.<call>` or `child.<call>`: what such a call may give, so dates and maps as well. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** The overrides came as JSON in which dates, maps and other values are written as in encoded results, such as `{ $: 'date', value: 0 }`. False by default. */
  readonly encoded?: boolean;
  /** Fields of the input that are replaced; the input as it was by default. */
  readonly input?: JsonObject;
}

/** What a new run starts with, and what the plan is. */
export interface PreparedReplay {
  readonly plan: CallPlan;
  /** The input of the flow, as it is stored. */
  readonly input: Json;
  /** What its actor starts with beside the input. */
  readonly start: Omit<FlowStart, 'input'>;
  readonly appends: readonly { readonly list: string; readonly entry: Json }[];
}

/** Prepares a replay of the run with this root. Rejects with `conflict` while the run goes on, and for what is no flow. */
export async function prepareReplay(
  journal: Journal,
  root: ActorRow,
  settings: ReplaySettings,
): Promise<PreparedReplay> {
  const { run, actor } = root;
  const before = await flowStartOf(journal, root);
  if (!before)
    throw new TroupeError('conflict', `The run "${run}" is not of a flow: only flows are replayed from a call.`);
  if (root.status === 'active' && (await journal.find({ run, type: 'wait', status: 'active', limit: 1 })).length === 0)
    throw new TroupeError(
      'conflict',
      `The run "${run}" goes on. Replay it when it has ended, or waits for a person; or cancel it first.`,
    );
  const plan = replayPlan(await flowRecords(journal, run, actor), {
    run,
    from: settings.from,
    overrides: settings.overrides,
    encoded: settings.encoded,
  });
  const { input: given, began, kept: __, keptHash: ___, ...start } = before;
  const kept = plan.kept.map((record) => asJson(record) as Json);
  return {
    plan,
    input: changed(given, settings.input, start.encoded === true),
    start: {
      ...start,
      ...(before.now === undefined && began !== undefined ? { now: began } : {}),
      seed: before.seed ?? run,
      replayOf: run,
      kept: kept.length,
      keptHash: inputHash(kept),
    },
    appends: kept.map((entry) => ({ list: keptRecordsList, entry })),
  };
}

function changed(input: Json, changes: JsonObject | undefined, isEncoded: boolean): Json {
  if (!changes) return input;
  if (isJsonObject(input) && !isEncoded) return { ...input, ...changes };
  throw new TroupeError('invalid', 'Only an input that is an object of JSON can be changed field by field.');
}
