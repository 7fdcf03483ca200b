/** Runtimes in other processes, as the orchestrator sees them: it gives them agent steps, hears their heartbeats, and takes what they send back. */
import type { RemoteReply, RemoteRuntime } from '../../../../actors/workflow/remoteAgentStep.ts';
import { noMetrics } from '../../../contracts/workflow/metrics.ts';
import { StepMetrics } from '../../../contracts/workflow/step.ts';
import { sleep, type Clock } from '../../../values/clock.ts';
import { failureKinds, TroupeError, type FailureKind } from '../../../values/failure.ts';
import { throughJson } from '../../../values/json.ts';
import { propertiesOf } from '../../../values/properties.ts';
import type { Address } from '../../../values/ids.ts';
import type { Journal } from '../../../journal/journal.ts';
import { callbackUrl } from '../clients/peerUrl.ts';
import { invocationOf } from '../contracts/agentWork.ts';
import type { CallbackPayload } from '../contracts/stepMessages.ts';
import { dispatchTokens } from '../dispatchTokens.ts';
import type { RuntimeService } from '../runtime.ts';
import { heartbeatPatience } from './heartbeats.ts';
import type { RuntimeMessages } from './orchestratorService.ts';
import { stepPlace } from './stepPlaces.ts';

/** What is needed to work with runtimes. */
export interface RemoteRuntimesParts {
  readonly client: RuntimeService;
  /** The journal of the orchestrator; asked for when the first step is given away. */
  readonly journal: () => Journal;
  readonly clock: Clock;
  /** Where runtimes reach the orchestrator; asked for when the first step is given away. */
  readonly ownUrl: () => string;
  /** Signs the tokens of dispatches: the same after a restart. At least 16 characters. */
  readonly secret: string;
}

/** A step of a sub-run is `parent/step` and its id, which runtimes of other makers split at the first slash. */
const heardKey = (run: string, step: string): string => `${run}/${step}`;

/** How long a result waits for its step to be ready for it, in milliseconds. */
const takePatience = 15_000;

export function remoteRuntimes({
  client,
  journal,
  clock,
  ownUrl,
  secret,
}: RemoteRuntimesParts): RemoteRuntime & RuntimeMessages {
  const tokens = dispatchTokens(secret);
  /** When a step was last among what a runtime works on; milliseconds since the epoch. */
  const heard = new Map<string, number>();
  const waiting = new Map<string, (reply: RemoteReply) => void>();
  /** Dispatches whose answer is waited for. A runtime that sends the result first may answer only when the result was taken. */
  const dispatching = new Map<string, () => void>();
  const rowOf = async (actor: Address) => (await journal().find({ actor }))[0];

  async function placeOf(actor: Address): Promise<{ run: string; step: string }> {
    const row = await rowOf(actor);
    const place = row && (await stepPlace(row, rowOf));
    if (!place) throw new TroupeError('internal', `The journal does not know the step ${actor}.`);
    return { run: place.run_id, step: place.step_id };
  }

  const tokenOf = (run: string, step: string, actor: Address, dispatch: number): string =>
    `${Buffer.from(JSON.stringify([actor, dispatch])).toString('base64url')}.${tokens.of(run, `${step} ${actor}`, dispatch)}`;

  /** Does the step still wait for this dispatch? */
  async function isAwaited(actor: Address, dispatch: number): Promise<boolean> {
    const row = await rowOf(actor);
    const { dispatches } = propertiesOf(propertiesOf(propertiesOf(row?.snapshot).state).context);
    return (
      row?.status === 'active' && dispatches === dispatch && (row.state === 'dispatching' || row.state === 'working')
    );
  }

  return {
    async dispatch({ actor, task, secretParams, dispatch, decided, messages, spentUsd }) {
      const { run, step } = await placeOf(actor as Address);
      const budget = task.budgetUsd === undefined ? {} : { budget_usd: Math.max(0, task.budgetUsd - spentUsd) };
      const request = {
        ...invocationOf(task, {
          run,
          callbackUrl: callbackUrl(ownUrl(), run, step, tokenOf(run, step, actor as Address, dispatch)),
          secretKeys: secretParams,
        }),
        step_id: step,
        ...budget,
        ...(decided
          ? {
              is_resume: true,
              approved_tool_calls: decided.approved ? [decided.call] : [],
              messages: [
                // The conversation as the runtime gave it.
                ...((messages ?? []) as { role: string; content: string }[]),
                ...(decided.approved ? [] : [{ role: 'user', content: rejectionText(decided) }]),
              ],
            }
          : {}),
      };
      const id = `${actor} ${dispatch}`;
      const isTaken = new Promise<void>((resolve) => dispatching.set(id, resolve));
      await Promise.race([client.invoke(request), isTaken]).finally(() => dispatching.delete(id));
    },
    async reply(actor, dispatch, { signal }) {
      const { run, step } = await placeOf(actor as Address);
      const key = heardKey(run, step);
      const begin = clock.now();
      let timer: Disposable | undefined;
      const id = `${actor} ${dispatch}`;
      try {
        return await new Promise<RemoteReply>((resolve, reject) => {
          const look = () => {
            const silentFor = clock.now() - Math.max(begin, heard.get(key) ?? 0);
            if (silentFor >= heartbeatPatience) resolve({ is: 'silent' });
            else timer = clock.wake(clock.now() + heartbeatPatience - silentFor, look);
          };
          const stopped = () => reject(new TroupeError('cancelled', 'The step waits no longer.'));
          signal.addEventListener('abort', stopped, { once: true });
          if (signal.aborted) stopped();
          waiting.set(id, resolve);
          look();
        });
      } finally {
        timer?.[Symbol.dispose]();
        waiting.delete(id);
        heard.delete(key);
      }
    },
    heartbeat({ active }) {
      for (const { run_id, step_id } of active) heard.set(heardKey(run_id, step_id), clock.now());
    },
    mayComplete: async (run, step, token) => {
      const [about = '', proof = ''] = token.split('.');
      const { actor, dispatch } = aboutOf(about);
      return tokens.fits(proof, run, `${step} ${actor}`, dispatch);
    },
    async complete(_run, _step, payload, token) {
      const { actor, dispatch } = aboutOf(token.split('.')[0] ?? '');
      const reply = replyOf(payload);
      const until = clock.now() + takePatience;
      // The step may have been given away a moment ago, or its process may just have started.
      while (await isAwaited(actor, dispatch)) {
        waiting.get(`${actor} ${dispatch}`)?.(reply);
        dispatching.get(`${actor} ${dispatch}`)?.();
        if (clock.now() >= until)
          throw new TroupeError('transient', 'The step is not ready for its result. Send it again.');
        await sleep(clock, 25);
      }
    },
  };
}

/** What a token says it is for. One that cannot be read is for nothing. */
function aboutOf(text: string): { readonly actor: Address; readonly dispatch: number } {
  try {
    const [actor, dispatch] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[];
    // The token was made here, which is checked by its other half.
    if (typeof actor === 'string' && typeof dispatch === 'number') return { actor: actor as Address, dispatch };
  } catch {
    // As a text that says something else.
  }
  return { actor: '/' as Address, dispatch: 0 };
}

const rejectionText = ({ call, note }: { call: string; note: string }): string =>
  JSON.stringify([
    {
      type: 'tool_result',
      tool_use_id: call,
      content: `This call was rejected${note === '' ? ' by a person' : `: ${note.replace(/\.$/, '')}`}. Find another way, or answer without it.`,
    },
  ]);

/** A result as the step takes it. */
function replyOf(payload: CallbackPayload): RemoteReply {
  const { status, output, error = '', raw_output: raw, pending_approval: call, messages } = payload;
  const { model_resolved, ...used } = wholeCounts(payload.metrics);
  const metrics: StepMetrics =
    StepMetrics.safeParse({ ...used, ...(model_resolved === '' ? {} : { model_resolved }) }).data ?? noMetrics;
  const { error_code: code, error_kind: kind, retryable, reflected } = propertiesOf(payload);
  if (status === 'pending_approval' && call)
    return {
      is: 'pending',
      approval: {
        tool: call.tool_name,
        id: call.tool_use_id,
        input: throughJson(call.arguments ?? null),
        onReject: call.on_reject === 'recover' ? 'recover' : 'fail',
        ...(call.timeout_ms > 0 ? { timeout: call.timeout_ms } : {}),
        timeoutBehavior: call.timeout_behavior === 'reject' ? 'reject' : 'fail',
      },
      metrics,
      messages: throughJson(messages ?? []),
    };
  if (status === 'ok')
    return {
      is: 'done',
      output: throughJson(output ?? {}),
      metrics,
      reflected: typeof reflected === 'boolean' ? reflected : (metrics.reflect_calls ?? 0) > 0,
    };
  const known = typeof kind === 'string' && Object.hasOwn(failureKinds, kind) ? (kind as FailureKind) : 'model';
  return {
    is: 'failed',
    code: typeof code === 'string' && code !== '' ? code : codeIn(error),
    failure: { kind: known, message: error || 'The runtime gave no reason.', retryable: retryable === true },
    metrics,
    raw,
  };
}

/** Some runtimes count in fractions. */
const wholeCounts = (used: CallbackPayload['metrics']): CallbackPayload['metrics'] => ({
  ...used,
  tokens_in: Math.ceil(used.tokens_in),
  tokens_out: Math.ceil(used.tokens_out),
  llm_calls: Math.ceil(used.llm_calls),
  tool_calls: Math.ceil(used.tool_calls),
  ...(used.reflect_calls === undefined ? {} : { reflect_calls: Math.ceil(used.reflect_calls) }),
});

/** The codes with which the messages of other runtimes begin. */
const codeIn = (error: string): string =>
  /^(max_turns_exceeded|reflect_output_invalid|tool_not_permitted)/.exec(error)?.[1] ?? 'failed';
