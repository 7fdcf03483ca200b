/** The runtime behind its HTTP contract: works on agent steps, and sends what came of them to the orchestrator. It keeps nothing on disk. */
import { agentStepHere, stepServers } from '../../../runtime/workflowActors.ts';
import type { ModelGateway } from '../../../../actors/tools.ts';
import { noMetrics } from '../../../contracts/workflow/metrics.ts';
import { StepEnd, StepMetrics } from '../../../contracts/workflow/step.ts';
import type { Clock } from '../../../values/clock.ts';
import { toFailure, TroupeError, type Failure } from '../../../values/failure.ts';
import { asJson, isJsonObject, throughJson, type Json, type JsonObject } from '../../../values/json.ts';
import { propertiesOf } from '../../../values/properties.ts';
import { machine } from '../../../runtime/machine.ts';
import { openRuntime, type RunHandle, type RunOutcome, type Ticket } from '../../../runtime/runtime.ts';
import { loadLanguage } from '../../../workflow/loadLanguage.ts';
import { sendCallback } from '../clients/callback.ts';
import type { CallbackPayload } from '../contracts/stepMessages.ts';
import type { InvokeRequest } from '../contracts/runtimeRequest.ts';
import type { RuntimeService } from '../runtime.ts';
import { heartbeats } from './heartbeats.ts';
import { sealedRequests } from './sealedRequest.ts';

/** What a runtime is made of. */
export interface RuntimeParts {
  readonly gateway: ModelGateway;
  readonly clock: Clock;
  /** The orchestrator that hears its heartbeats, beside those that have given it work; none by default. */
  readonly orchestratorUrl?: string | undefined;
  /** Shows orchestrators who beats; nothing by default. */
  readonly token?: string | undefined;
  /** Told what goes wrong beside requests. */
  readonly warn: (message: string) => void;
}

/** A runtime that works. Disposing it stops the work, and says so to those who wait for it. */
export interface ServedRuntime extends RuntimeService, AsyncDisposable {}

/** An invocation that was taken. */
interface Work {
  request: InvokeRequest;
  /** Whether it waits for a decision: then it is not among what the runtime works on. */
  waits: boolean;
  /** What was used by the results that were sent. */
  charged: StepMetrics;
  /** Goes on after a decision; undefined while none is waited for. */
  decide?: ((request: InvokeRequest) => void) | undefined;
}

/** So many results are remembered, so that a request that comes twice is done once. */
const remembered = 10_000;

export async function runtimeService(parts: RuntimeParts): Promise<ServedRuntime> {
  const { clock, warn, token } = parts;
  await loadLanguage();
  const runtime = await openRuntime({ db: 'memory', keep: 60_000, clock });
  const servers = stepServers(clock);
  const secrets = sealedRequests();
  const { machine: chart, options } = agentStepHere({ gateway: parts.gateway, servers }, secrets);
  const agent = machine(chart, { ...options, name: 'invocation' });
  const works = new Set<Work>();
  const taken = new Set<string>();
  const stop = new AbortController();
  const id = `rt-${clock.id()}`;
  const beating = heartbeats(
    () => {
      const active = [...works].filter(({ waits }) => !waits).map(({ request }) => request);
      const bases = active.map(({ callback_url }) => callback_url.slice(0, callback_url.lastIndexOf('/runs/')));
      return {
        to: [
          ...new Set([
            ...(parts.orchestratorUrl === undefined ? [] : [parts.orchestratorUrl.replace(/\/+$/, '')]),
            ...bases,
          ]),
        ],
        body: { runtime_id: id, active: active.map(({ run_id, step_id }) => ({ run_id, step_id })) },
      };
    },
    { clock, ...(token === undefined ? {} : { token }) },
  );

  const send = async ({ request }: Work, more: Partial<CallbackPayload> & Pick<CallbackPayload, 'status'>) => {
    const { run_id, step_id, callback_url: url, is_resume } = request;
    const payload = {
      run_id,
      step_id,
      metrics: callbackMetrics(noMetrics),
      ...(is_resume ? { is_resume } : {}),
      ...more,
    };
    await sendCallback(url, payload, { clock, signal: stop.signal }).catch((thrown: unknown) => {
      if (!stop.signal.aborted)
        warn(`The result of ${run_id} ${step_id} cannot be delivered: ${toFailure(thrown).message}`);
    });
  };

  async function perform(work: Work): Promise<void> {
    const { task, forget } = secrets.seal(work.request);
    try {
      const handle = await runtime.start(agent, asJson(task));
      for (;;) {
        const outcome = await handle.outcome({ returnWhenWaiting: 'tickets' });
        if (outcome.status !== 'waiting') {
          await send(work, await ended(work, handle, outcome));
          return;
        }
        for (const ticket of outcome.tickets) await asked(work, handle, ticket);
      }
    } catch (thrown) {
      await send(work, failedPayload('failed', toFailure(thrown)));
    } finally {
      forget();
      works.delete(work);
    }
  }

  /** A call that waits for a person: the orchestrator asks, and the work goes on with its decision. */
  async function asked(work: Work, handle: RunHandle, ticket: Ticket): Promise<void> {
    const call = await callOf(ticket);
    // Nobody is here who could say whether a call has happened.
    if (!call) return runtime.abort(ticket.id, 'Nobody can tell.', 'runtime');
    const rule = call.rules.find(({ pattern }) => fits(pattern, call.name));
    const decided = new Promise<InvokeRequest>((resolve) => (work.decide = resolve));
    const metrics = await used(work, handle);
    await send(work, {
      status: 'pending_approval',
      metrics,
      messages: await messagesOf(handle),
      pending_approval: {
        tool_name: call.name,
        tool_use_id: call.id,
        arguments: call.input,
        on_reject: rule?.on_reject ?? 'fail',
        timeout_ms: rule?.timeout_ms ?? 0,
        timeout_behavior: rule?.timeout_behavior ?? 'fail',
      },
    });
    work.waits = true;
    const request = await decided;
    work.waits = false;
    work.decide = undefined;
    work.request = request;
    const approved = (request.approved_tool_calls ?? []).includes(call.id);
    await runtime.answer(
      ticket.id,
      { approved, ...(approved ? {} : { note: 'A person rejected it.' }) },
      'orchestrator',
    );

    async function callOf({ id: actor }: Ticket) {
      const [row] = await runtime.journal.find({ actor });
      const [parent] = row?.parent === undefined ? [] : await runtime.journal.find({ actor: row.parent });
      const { call: made, ask } = propertiesOf(propertiesOf(parent?.meta).input);
      const { id: callId, name, input } = propertiesOf(made);
      if (ask !== true || !Object.hasOwn(propertiesOf(ticket.schema['properties']), 'approved')) return undefined;
      const rules = work.request.tool_servers?.flatMap(({ approval_rules }) => approval_rules ?? []) ?? [];
      return { id: String(callId), name: String(name), input: throughJson(input ?? null), rules };
    }
  }

  async function ended(work: Work, handle: RunHandle, outcome: RunOutcome) {
    const end = outcome.status === 'done' ? StepEnd.safeParse(outcome.output).data : undefined;
    if (!end)
      return failedPayload(
        'failed',
        'failure' in outcome && outcome.failure
          ? outcome.failure
          : toFailure(new TroupeError('cancelled', 'The step was stopped.')),
      );
    const metrics = callbackMetrics(without(end.metrics, work.charged));
    const messages = await messagesOf(handle);
    if (end.status === 'failed') {
      const raw = end.raw_output === undefined ? {} : { raw_output: textOf(end.raw_output) };
      return { ...failedPayload(end.code, end.failure), metrics, messages, ...raw };
    }
    const output = withNotes(end);
    return {
      status: 'ok' as const,
      output,
      metrics,
      messages,
      ...('reflected' in end ? { reflected: end.reflected } : {}),
    };
  }

  /** What was used since the last result. */
  async function used(work: Work, { root }: RunHandle) {
    const [row] = await runtime.journal.find({ actor: root });
    const { metrics } = propertiesOf(propertiesOf(propertiesOf(row?.snapshot).state).context);
    const now = StepMetrics.safeParse(metrics).data ?? noMetrics;
    const since = without(now, work.charged);
    work.charged = now;
    return callbackMetrics(since);
  }

  async function messagesOf({ root }: RunHandle): Promise<CallbackPayload['messages']> {
    const said = (await runtime.journal.list(root, 'transcript')).filter(isJsonObject);
    return said.map(({ role, text, calls, results }) => ({
      role: typeof role === 'string' ? role : '',
      content: typeof text === 'string' && text !== '' ? text : JSON.stringify(calls ?? results ?? ''),
    }));
  }

  return {
    async invoke(request) {
      if (stop.signal.aborted) throw new TroupeError('transient', 'This runtime is stopping.');
      const { run_id, step_id, callback_url, is_resume } = request;
      if (is_resume) {
        const waiting = [...works].findLast(
          (work) => work.decide && work.request.run_id === run_id && work.request.step_id === step_id,
        );
        if (waiting?.decide) return waiting.decide(request);
        const lost = { request, waits: false, charged: noMetrics };
        void send(lost, failedPayload('conversation_lost', lostFailure));
        return;
      }
      if (taken.has(callback_url)) return;
      taken.add(callback_url);
      const [oldest] = taken;
      if (taken.size > remembered && oldest !== undefined) taken.delete(oldest);
      const work: Work = { request, waits: false, charged: noMetrics };
      works.add(work);
      void perform(work);
    },
    async [Symbol.asyncDispose]() {
      beating[Symbol.dispose]();
      const left = [...works].filter(({ waits }) => !waits);
      stop.abort();
      await Promise.all(
        left.map(({ request: { run_id, step_id, callback_url } }) =>
          sendCallback(
            callback_url,
            {
              run_id,
              step_id,
              metrics: callbackMetrics(noMetrics),
              ...failedPayload('runtime_stopped', stoppedFailure),
            },
            { clock, attempts: 1, timeout: 2_000 },
          ).catch(() => {}),
        ),
      );
      await runtime.close();
      await servers[Symbol.asyncDispose]();
    },
  };
}

const stoppedFailure: Failure = {
  kind: 'transient',
  message: 'The runtime was stopped while it worked on the step.',
  retryable: true,
};

const lostFailure: Failure = {
  kind: 'environment',
  message:
    'The runtime no longer has the conversation of this step: it was started anew while a person was asked. Run the step again.',
  retryable: false,
};

const failedPayload = (code: string, { kind, message, retryable }: Failure) => ({
  status: 'failed' as const,
  error: message,
  error_code: code,
  error_kind: kind,
  retryable,
});

/** The output with what its reserved fields said, so that the orchestrator can judge it. */
function withNotes(end: Exclude<StepEnd, { status: 'failed' }>): { [name: string]: never } {
  const { output, notes = {} } = end;
  const reserved: JsonObject = {
    ...(notes.confidence === undefined ? {} : { ktsu_confidence: notes.confidence }),
    ...(notes.flags === undefined ? {} : { ktsu_flags: notes.flags }),
    ...(notes.rationale === undefined ? {} : { ktsu_rationale: notes.rationale }),
    ...(end.status === 'skipped' ? { ktsu_skip_reason: notes.skip_reason ?? end.reason } : {}),
  };
  // JSON; zod's own type for it can be written to.
  return { ...(isJsonObject(output) ? output : { result: output }), ...reserved } as { [name: string]: never };
}

const counts = ['duration_ms', 'tokens_in', 'tokens_out', 'cost_usd', 'llm_calls', 'tool_calls'] as const;

function without(all: StepMetrics, before: StepMetrics): StepMetrics {
  const left: StepMetrics = { ...all };
  for (const name of counts) left[name] = Math.max(0, all[name] - before[name]);
  if (all.reflect_calls !== undefined)
    left.reflect_calls = Math.max(0, all.reflect_calls - (before.reflect_calls ?? 0));
  return left;
}

const callbackMetrics = ({ model_resolved = '', ...metrics }: StepMetrics) => ({ ...metrics, model_resolved });

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** As in allow-lists: a name, `prefix-*`, or `*`. */
const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
