/** `ctx.wait`, `ctx.signal`, `ctx.sleep` and `ctx.run`: what takes time without being done here. */
import * as z from 'zod';
import { longestWait } from '../../src/contracts/wait.ts';
import { requireCallName } from '../../src/flow/checkpoint.ts';
import type { CallOptions, FlowChild, WaitOptions } from '../../src/flow/context.ts';
import { encodeValue } from '../../src/flow/encode.ts';
import { parseNow } from '../../src/flow/parseNow.ts';
import { milliseconds, type Duration } from '../../src/values/duration.ts';
import { plainCopy, type JsonObject } from '../../src/values/json.ts';
import { factsAsJson } from './facts.ts';
import { describeMismatch, describeSchemaError, describeValue } from '../../src/values/explain.ts';
import { toFailure, TroupeError } from '../../src/values/failure.ts';
import { requireOptions, type OptionNames } from '../../src/values/options.ts';
import { callOptionNames } from './checkpointCalls.ts';
import { inputHash } from './inputHash.ts';
import { currentCheckpoint, callScopeOf, callTimeOf, requireCancellable } from './flowScope.ts';
import type { ChildInput } from './deps.ts';
import type { FlowBody } from './flowBody.ts';
import { waitedFor } from './waitedFor.ts';

const waitOptionNames: OptionNames<WaitOptions> = {
  name: true,
  schema: true,
  question: true,
  deadline: true,
  default: true,
  metadata: true,
};

/** Zod's own type for JSON can be written to. */
type ZodJson = Record<string, z.util.JSONType>;

/** The parts of a context that wait. */
export function waits(run: FlowBody) {
  const scope = (what: string) => {
    requireCancellable(run, what);
    return callScopeOf(run, what, currentCheckpoint());
  };

  return {
    wait(options: WaitOptions = {}): Promise<unknown> {
      requireWaitOptions(options);
      const { name = 'wait', schema, question = name, deadline } = options;
      requireCallName('A wait', name);
      if (typeof question !== 'string')
        throw new TroupeError(
          'definition',
          `The question of "${name}" must be a text; got ${describeValue(question)}.`,
        );
      const metadata = waitMetadata(name, options.metadata);
      const { $schema: _, ...expected } = schema ? answerSchema(name, schema) : { type: 'null' };
      const whenUnanswered =
        options.default === undefined ? 'fail' : { default: defaultAnswer(name, schema, options.default) };
      const read = (value: unknown) => (schema ? parsed(name, schema, value) : null);
      const call = { kind: 'wait', name, scope: scope(`ctx.wait("${name}")`), read } as const;
      const ticket = {
        schema: expected as ZodJson,
        onExpiry: whenUnanswered,
        ...(metadata ? { metadata: metadata as ZodJson } : {}),
      } as const;
      return run.calls.make(call, (pending) => {
        const { id } = pending;
        const end = deadline === undefined ? undefined : run.clock.now() + milliseconds(deadline);
        const ask = (text: string, until: number | undefined) => {
          const open =
            until === undefined ? { deadline: longestWait } : { deadline: Math.max(1, until - run.clock.now()), until };
          const asked = { ...ticket, ...open, name: id, question: text };
          run.arrivals.request(pending, { kind: 'wait', call: id, ticket: asked });
        };
        // Who answers is told by the JSON Schema alone; what only the whole schema refuses is asked again.
        pending.onArrival = ({ outcome, until = end }) => {
          const mismatch = outcome.ok && schema ? mismatchOf(name, schema, outcome.output) : undefined;
          if (mismatch === undefined) run.recorder.finish(pending, { outcome });
          else ask(`${question}\nThe answer before was not taken: ${mismatch}.`, until);
        };
        ask(question, end);
      }).promise;
    },

    signal(name: string, schema?: z.ZodType): Promise<unknown> {
      requireCallName('A signal', name);
      const read = (value: unknown) => (schema ? parsed(name, schema, value) : value);
      const call = { kind: 'signal', name, scope: scope(`ctx.signal("${name}")`), read } as const;
      return run.calls.make(call, (pending) => run.arrivals.awaitSignal(pending)).promise;
    },

    async sleep(duration: Duration): Promise<void> {
      // In a replay time may be that of the run that it replays: a pause is made now all the same.
      const until = Math.max(callTimeOf(run), run.start.began ?? 0) + milliseconds(duration);
      const call = { kind: 'sleep', name: 'sleep', scope: scope('ctx.sleep') } as const;
      await run.calls.make(call, (pending) => run.arrivals.request(pending, { kind: 'sleep', call: pending.id, until }))
        .promise;
    },

    run(child: FlowChild, input: unknown, options: CallOptions = {}): Promise<unknown> {
      const { name } = child;
      requireOptions(`ctx.run("${name}")`, options, callOptionNames);
      const before = waitedFor(`ctx.run("${name}")`, options.after);
      const { json } = encodeValue(`What "${name}" is given`, input);
      const call = {
        kind: 'child',
        name,
        scope: scope(`ctx.run("${name}")`),
        id: options.id,
        input: inputHash(json),
        waitedFor: before.ids,
      } as const;
      // Refused before the call, so that it is not recorded.
      const started = run.deps.child(child, input, {
        depth: (run.start.depth ?? 0) + 1,
        settings: run.settings,
        holder: run.scope.actor,
      });
      return run.calls.make(call, (pending) => {
        const path = run.start.path === undefined ? pending.id : `${run.start.path}/${pending.id}`;
        const isUsual = run.start.keys === undefined && !run.book.anew.has(pending.id);
        const keys = isUsual ? undefined : run.keyOf(pending.id);
        const { source, kind: what } = started;
        const request = (given: ChildInput) =>
          run.arrivals.request(pending, { kind: 'child', call: pending.id, source, child: what, ...given });
        const begin = () => {
          const given = started.inputAt(path, keys);
          if (!(given instanceof Promise)) return request(given);
          const refuse = (thrown: unknown) =>
            run.recorder.finish(pending, { outcome: { ok: false, failure: toFailure(thrown) } });
          // Meanwhile the body may have been stopped, or paused.
          const later =
            <Given>(next: (given: Given) => void) =>
            (told: Given) =>
              run.calls.beginLate(pending, () => next(told));
          void given.then(later(request), later(refuse));
        };
        if (before.ids === undefined) return begin();
        void before.ended().then(() => run.calls.beginLate(pending, begin));
      }).promise;
    },
  };
}

/** From JavaScript anything may come. Throws `definition`. */
function requireWaitOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new TroupeError(
      'definition',
      `ctx.wait takes an object, such as { name: 'ok', schema: z.boolean() }; got ${describeValue(options)}.`,
    );
  requireOptions('ctx.wait', options, waitOptionNames);
}

/** The facts for those who answer. Throws `definition` for what is no object of JSON. */
function waitMetadata(name: string, metadata: unknown): JsonObject | undefined {
  if (metadata === undefined) return undefined;
  const json = factsAsJson(metadata);
  if (json) return json;
  throw new TroupeError(
    'definition',
    `The metadata of "${name}" must be an object of JSON; got ${describeValue(metadata)}.`,
  );
}

/** What an answer must fit, as it is shown to those who answer. Throws `definition` for what JSON Schema cannot say. */
function answerSchema(name: string, schema: z.ZodType): z.core.JSONSchema.BaseSchema {
  try {
    return z.toJSONSchema(schema, { io: 'input' });
  } catch (cause) {
    throw new TroupeError(
      'definition',
      `An answer to "${name}" comes as JSON, and its schema cannot be written as JSON Schema: ${describeSchemaError(cause)}. For a date, use z.iso.datetime() and make the date of it in the body.`,
      { cause },
    );
  }
}

/** A default as JSON. Throws `definition` for what is none, or would not be accepted as an answer. */
function defaultAnswer(name: string, schema: z.ZodType | undefined, value: unknown): z.util.JSONType {
  const json = plainCopy(value);
  if (json === undefined)
    throw new TroupeError('definition', `The default of "${name}" must be JSON, as an answer is.`);
  const fits = schema?.safeParse(json);
  if (fits && !fits.success)
    throw new TroupeError(
      'definition',
      `The default of "${name}" must fit what an answer must fit: ${describeMismatch(fits.error, json)}.`,
    );
  // Zod's own type for JSON can be written to.
  return json as z.util.JSONType;
}

/** What an answer lacks; undefined when it fits, or its schema cannot be used, which the body is told. */
function mismatchOf(name: string, schema: z.ZodType, value: unknown): string | undefined {
  try {
    const result = parseNow(`"${name}"`, schema, value);
    return result.success ? undefined : describeMismatch(result.error, value);
  } catch {
    return undefined;
  }
}

function parsed(name: string, schema: z.ZodType, value: unknown): unknown {
  const result = parseNow(`"${name}"`, schema, value);
  if (result.success) return result.data;
  throw new TroupeError('invalid', `What "${name}" was given does not fit: ${describeMismatch(result.error, value)}.`);
}
