/**
 * The runtime behind its HTTP contract: works on agent steps, and sends what came of them to the orchestrator. It keeps nothing between two invocations, on disk or
 * in memory: work that waits for a person ends, and a later invocation goes on from its messages, in this process or in another one.
 */
import { agentStepHere, stepServers } from '../../../runtime/workflowActors.ts';
import type { ModelGateway } from '../../../../actors/tools.ts';
import { noMetrics, usedMetrics } from '../../../contracts/workflow/metrics.ts';
import { StepEnd, type StepMetrics } from '../../../contracts/workflow/step.ts';
import type { Clock } from '../../../values/clock.ts';
import { toFailure, TroupeError } from '../../../values/failure.ts';
import { asJson, throughJson } from '../../../values/json.ts';
import { machine } from '../../../runtime/machine.ts';
import { openRuntime, type RunHandle, type RunOutcome } from '../../../runtime/runtime.ts';
import { loadLanguage } from '../../../workflow/loadLanguage.ts';
import { sendCallback } from '../clients/callback.ts';
import type { InvokeRequest } from '../contracts/runtimeRequest.ts';
import type { CallbackPayload } from '../contracts/stepMessages.ts';
import type { RuntimeService } from '../runtime.ts';
import { askedCall } from './askedCalls.ts';
import { saidIn, type SaidSoFar } from './conversation.ts';
import { heartbeats } from './heartbeats.ts';
import { replayedConversation, type AgentWorld } from './replay.ts';
import { sealedRequests } from './sealedRequest.ts';
import {
  callbackMetrics,
  callbackOf,
  endedResult,
  failedResult,
  stoppedResult,
  type CallbackResult,
} from './stepCallback.ts';
import { messagesOf, usedBy, usedSince } from './stepJournal.ts';
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

/** Opens a runtime that works for all who give it work. */
export async function runtimeService(parts: RuntimeParts): Promise<ServedRuntime> {
  const { clock, warn, token } = parts;
  await loadLanguage();
  const runtime = await openRuntime({ db: 'memory', keep: 60_000, clock });
  const { journal } = runtime;
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
  const underWay = () => [...works].map(({ request: { run_id, step_id } }) => ({ run_id, step_id }));
  /** Its own orchestrator, and those that have given it work. */
  const listeners = (): readonly string[] => {
    const bases = [...works].map(({ request: { callback_url: url } }) => url.slice(0, url.lastIndexOf('/runs/')));
    const own = parts.orchestratorUrl?.replace(/\/+$/, '');
    return [...new Set([...(own === undefined ? [] : [own]), ...bases])];
  };

  const beating = heartbeats(() => ({ to: listeners(), body: { runtime_id: id, active: underWay() } }), {
    clock,
    ...(token === undefined ? {} : { token }),
  });

  const send = ({ request }: Work, result: CallbackResult) => {
    const payload = callbackOf(request, result);
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
      work.charged = await usedBy(journal, await starting);
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
          const call = await askedCall(runtime, ticket, work.request, work.said);
          if (!call) continue;
          await goLive();
          const metrics = callbackMetrics(usedSince(await usedBy(journal, handle), work.charged));
          const messages = await messagesOf(journal, handle, { withMedia: true });
          const { messages: _, approved_tool_calls: _calls, is_resume: _is, ...original } = work.request;
          const asked = { pending_approval: call, original_request: throughJson(original) };
          await send(work, { status: 'pending_approval', metrics, messages, ...asked });
          // The invocation that decides about it goes on from the messages.
          await runtime.signal(handle.root, { type: 'agent.cancel', reason: 'A person is asked.' });
          return;
        }
      }
    } catch (thrown) {
      await send(work, failedResult('failed', toFailure(thrown)));
    } finally {
      forget();
      works.delete(work);
    }
  }

  async function ended(work: Work, handle: RunHandle, outcome: RunOutcome): Promise<CallbackResult> {
    const end = outcome.status === 'done' ? StepEnd.safeParse(outcome.output).data : undefined;
    if (!end) {
      const stopped = toFailure(new TroupeError('cancelled', 'The step was stopped.'));
      return failedResult('failed', ('failure' in outcome && outcome.failure) || stopped);
    }
    const metrics = callbackMetrics(usedSince(usedMetrics(end), work.charged));
    return { ...endedResult(end), metrics, messages: await messagesOf(journal, handle) };
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
      const once = { clock, attempts: 1, timeout: 2_000 };
      await Promise.all(
        left.map(({ request }) =>
          sendCallback(request.callback_url, callbackOf(request, stoppedResult), once).catch(() => {}),
        ),
      );
      await runtime.close();
      await servers[Symbol.asyncDispose]();
    },
  };
}
