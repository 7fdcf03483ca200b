/**
 * The runtime behind its HTTP contract: works on agent steps, and sends what came of them to the orchestrator. It keeps nothing between two invocations, on disk or
 * in memory: work that waits for a person ends, and a later invocation goes on from its messages, in this process or in another one.
 */
import { agentStepHere, stepServers } from '../../../runtime/workflowActors.ts';
import type { ModelGateway } from '../../../../actors/tools.ts';
import type { Artifact } from '../../../contracts/media.ts';
import { artifactList } from '../../../contracts/parts.ts';
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
import { agentMessage, saidIn, type BytesOf, type SaidSoFar } from './conversation.ts';
import { heartbeats } from './heartbeats.ts';
import { replayedConversation, type AgentWorld } from './replay.ts';
import { sealedRequests } from './sealedRequest.ts';
import { takenRequests } from './takenRequests.ts';

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
  readonly request: InvokeRequest;
  /** What it goes on from; undefined for work that begins. */
  readonly said: SaidSoFar | undefined;
  /** What was used before: it is charged already. */
  charged: StepMetrics;
}

export async function runtimeService(parts: RuntimeParts): Promise<ServedRuntime> {
  const { clock, warn, token } = parts;
  await loadLanguage();
  const runtime = await openRuntime({ db: 'memory', keep: 60_000, clock });
  const servers = stepServers(clock);
  const secrets = sealedRequests();
  const agentIn = (world: AgentWorld) => {
    const { machine: chart, options } = agentStepHere(world, secrets);
    return machine(chart, { ...options, name: 'invocation' });
  };
  const world: AgentWorld = { gateway: parts.gateway, servers };
  const fresh = agentIn(world);
  const works = new Set<Work>();
  const taken = takenRequests();
  const stop = new AbortController();
  const id = `rt-${clock.id()}`;
  const beating = heartbeats(
    () => {
      const active = [...works].map(({ request }) => request);
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

  const send = ({ request }: Work, more: Partial<CallbackPayload> & Pick<CallbackPayload, 'status'>) => {
    const { run_id, step_id, is_resume } = request;
    const payload = {
      run_id,
      step_id,
      metrics: callbackMetrics(noMetrics),
      ...(is_resume ? { is_resume } : {}),
      ...more,
    };
    taken.ended(request, payload);
    return deliver(request, payload);
  };

  const deliver = async ({ run_id, step_id, callback_url: url }: InvokeRequest, payload: CallbackPayload) => {
    await sendCallback(url, payload, { clock, signal: stop.signal }).catch((thrown: unknown) => {
      if (!stop.signal.aborted)
        warn(`The result of ${run_id} ${step_id} cannot be delivered: ${toFailure(thrown).message}`);
    });
  };

  async function perform(work: Work): Promise<void> {
    const { task, forget } = secrets.seal(work.request);
    let starting: Promise<RunHandle> | undefined;
    let isLive = work.said === undefined;
    /** What the conversation up to here has used was charged by those who had it. */
    const goLive = async () => {
      if (isLive || !starting) return;
      isLive = true;
      work.charged = await usedBy(await starting);
    };
    try {
      const agent = work.said ? agentIn(replayedConversation(work.said, world, goLive)) : fresh;
      starting = runtime.start(agent, asJson(task));
      const handle = await starting;
      for (;;) {
        const outcome = await handle.outcome({ returnWhenWaiting: 'tickets' });
        if (outcome.status !== 'waiting') {
          await goLive();
          await send(work, await ended(work, handle, outcome));
          return;
        }
        for (const ticket of outcome.tickets) {
          const approval = await approvalOf(work, ticket);
          if (!approval) continue;
          await goLive();
          const metrics = callbackMetrics(without(await usedBy(handle), work.charged));
          const messages = await messagesOf(handle, { withMedia: true });
          const { messages: _, approved_tool_calls: _calls, is_resume: _is, ...original } = work.request;
          const asked = { ...approval, original_request: throughJson(original) };
          await send(work, { status: 'pending_approval', metrics, messages, ...asked });
          // The invocation that decides about it goes on from the messages.
          await runtime.signal(handle.root, { type: 'agent.cancel', reason: 'A person is asked.' });
          return;
        }
      }
    } catch (thrown) {
      await send(work, failedPayload('failed', toFailure(thrown)));
    } finally {
      forget();
      works.delete(work);
    }
  }

  /** What a person must be asked; undefined when the ticket is settled here, because that was decided before. */
  async function approvalOf({ request, said }: Work, ticket: Ticket) {
    const [row] = await runtime.journal.find({ actor: ticket.id });
    const [parent] = row?.parent === undefined ? [] : await runtime.journal.find({ actor: row.parent });
    const { call: made, ask } = propertiesOf(propertiesOf(parent?.meta).input);
    const { id: callId, name: tool, input } = propertiesOf(made);
    const [id, name] = [String(callId), String(tool)];
    if (ask !== true || !Object.hasOwn(propertiesOf(ticket.schema['properties']), 'approved')) {
      // Nobody is here who could say whether a call has happened.
      await runtime.abort(ticket.id, 'Nobody can tell.', 'runtime');
      return undefined;
    }
    // A call whose result is known, be it a rejection, is not made: the result is taken.
    if (said?.results.has(id) || (request.approved_tool_calls ?? []).includes(id)) {
      await runtime.answer(ticket.id, { approved: true }, 'orchestrator');
      return undefined;
    }
    const rules = request.tool_servers?.flatMap(({ approval_rules }) => approval_rules ?? []) ?? [];
    const rule = rules.find(({ pattern }) => fits(pattern, name));
    return {
      pending_approval: {
        tool_name: name,
        tool_use_id: id,
        arguments: throughJson(input ?? null),
        on_reject: rule?.on_reject ?? 'fail',
        timeout_ms: rule?.timeout_ms ?? 0,
        timeout_behavior: rule?.timeout_behavior ?? 'fail',
      },
    };
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

  /** What a run has used, what it goes on from included. */
  async function usedBy({ root }: RunHandle): Promise<StepMetrics> {
    const [row] = await runtime.journal.find({ actor: root });
    const { metrics } = propertiesOf(propertiesOf(propertiesOf(row?.snapshot).state).context);
    return StepMetrics.safeParse(metrics).data ?? noMetrics;
  }

  /** The conversation. One that ends needs no images: nobody goes on with it. */
  async function messagesOf({ root }: RunHandle, { withMedia = false } = {}): Promise<CallbackPayload['messages']> {
    const artifacts = withMedia ? await runtime.journal.list(root, artifactList) : [];
    // Only artifacts are appended to it.
    const bytesOf = limitedBytes(artifacts as unknown as readonly Artifact[]);
    return (await runtime.journal.list(root, 'transcript')).flatMap((entry) => agentMessage(entry, bytesOf) ?? []);
  }

  return {
    async invoke(request) {
      if (stop.signal.aborted) throw new TroupeError('transient', 'This runtime is stopping.');
      const { is_resume, messages } = request;
      if (is_resume && !messages?.length)
        throw new TroupeError('invalid', 'An invocation with is_resume goes on from its messages, and has none.');
      const before = taken.take(request);
      if (before?.said) void deliver(request, before.said);
      if (before) return;
      const work: Work = { request, said: is_resume ? saidIn(messages ?? []) : undefined, charged: noMetrics };
      works.add(work);
      void perform(work);
    },
    async [Symbol.asyncDispose]() {
      beating[Symbol.dispose]();
      const left = [...works];
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

/** So many characters of base64 go along: a body has ten megabytes. */
const maxMedia = 6_000_000;

/** The bytes of artifacts, of the first ones that fit. */
function limitedBytes(artifacts: readonly Artifact[]): BytesOf {
  let left = maxMedia;
  const sent = new Map(
    artifacts.flatMap(({ artifact, data }) => {
      if (data.length > left) return [];
      left -= data.length;
      return [[artifact, data]];
    }),
  );
  return ({ artifact }) => sent.get(artifact);
}

const callbackMetrics = ({ model_resolved = '', ...metrics }: StepMetrics) => ({ ...metrics, model_resolved });

const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** As in allow-lists: a name, `prefix-*`, or `*`. */
const fits = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
