/** The actor of an agent step that a runtime in another process does: its chart with the effects that give the work away and take what comes back. */
import { lightCopy } from '../../src/core/lightCopy.ts';
import type { AgentTask, StoredAgentTask } from '../../src/contracts/workflow/agentTask.ts';
import type { StepEnd, StepMetrics } from '../../src/contracts/workflow/step.ts';
import type { SecretSource } from '../../src/contracts/workflow/values.ts';
import type { EffectScope, ListFold } from '../../src/contracts/effect.ts';
import { fromFailure, toFailure, TroupeError, type Failure } from '../../src/values/failure.ts';
import type { Json } from '../../src/values/json.ts';
import { judge } from '../../src/workflow/airlock/judge.ts';
import { redact, redactFailure } from '../../src/workflow/expressions/redact.ts';
import { secretTexts, unseal } from '../../src/workflow/expressions/unseal.ts';
import {
  remoteAgentStepMachine,
  type RemoteAnswer,
  type RemoteApproval,
  type RemoteDispatch,
} from '../../machines/workflow/remoteAgentStep.ts';
import { effect } from '../effect.ts';
import { foldOf } from '../lists.ts';

/** Work for a runtime, with its secrets in clear. */
export interface RemoteWork extends RemoteDispatch {
  /** The address of the actor of the step. */
  readonly actor: string;
  readonly task: AgentTask;
  /** The names of the parameters of each server that are secret. */
  readonly secretParams: readonly (readonly string[])[];
  /** The conversation so far, as the runtime gave it; null at first. */
  readonly messages: Json;
}

/** What a runtime sends back, as it came. */
export type RemoteReply =
  | { readonly is: 'done'; readonly output: Json; readonly metrics: StepMetrics; readonly reflected: boolean }
  | {
      readonly is: 'failed';
      readonly code: string;
      readonly failure: Failure;
      readonly metrics: StepMetrics;
      readonly raw: string | undefined;
    }
  | {
      readonly is: 'pending';
      readonly approval: RemoteApproval;
      readonly metrics: StepMetrics;
      readonly messages: Json;
    }
  | { readonly is: 'silent' };

/** Runtimes in other processes. */
export interface RemoteRuntime {
  /** Gives work to a runtime. The same dispatch may be given again. */
  dispatch(work: RemoteWork, scope: Pick<EffectScope, 'signal'>): Promise<void>;
  /** Resolves with what comes back for a dispatch of an actor, or with `silent` when its runtime is heard of no more. */
  reply(actor: string, dispatch: number, scope: Pick<EffectScope, 'signal'>): Promise<RemoteReply>;
}

/** What the effects are given. */
export interface RemoteAgentStepDeps {
  readonly remote: RemoteRuntime;
  readonly secrets: SecretSource;
}

/** Makes the machine of agent steps that runtimes do. */
export const remoteAgentStepActor = (deps: RemoteAgentStepDeps): typeof remoteAgentStepMachine =>
  lightCopy(remoteAgentStepMachine, { actors: { dispatch: dispatchEffect(deps), answer: answerEffect(deps) } });

/** Their pauses are about 15 seconds together in the mean: a runtime that is started anew is waited for. */
const dispatchAttempts = 7;

/** A retried run gives the work away again: what a runtime made of an earlier dispatch it does not know any more. */
const dispatchEffect = ({ remote, secrets }: RemoteAgentStepDeps) =>
  effect<null, RemoteDispatch>(
    async (input, scope) => {
      const stored = await storedTask(scope);
      const { agent, subAgents = [] } = stored.value;
      if (subAgents.length > 0)
        throw new TroupeError(
          'unsupported',
          `The agent "${agent}" has sub-agents, and a runtime in another process does not work on those. Let the orchestrator do agent steps itself: start it without the address of a runtime.`,
        );
      try {
        const kept = (await foldOf(scope, 'messages', latest)).entry;
        await remote.dispatch(
          {
            ...input,
            actor: scope.actor,
            task: unseal(stored, secrets),
            secretParams: secretParamsOf(stored),
            messages: messagesIn(kept),
          },
          scope,
        );
        return null;
      } catch (thrown) {
        // Made anew: the error itself would carry its cause along.
        throw fromFailure(redactFailure(toFailure(thrown), secretTexts(stored, secrets)));
      }
    },
    { kind: 'write', idempotent: true, anew: true, retry: { times: dispatchAttempts } },
  );

const answerEffect = ({ remote, secrets }: RemoteAgentStepDeps) =>
  effect<RemoteAnswer, { readonly dispatch: number }>(
    async ({ dispatch }, scope) => {
      const stored = await storedTask(scope);
      const texts = secretTexts(stored, secrets);
      const reply = await remote.reply(scope.actor, dispatch, scope);
      switch (reply.is) {
        case 'silent':
          return reply;
        case 'pending':
          return {
            ...reply,
            approval: { ...reply.approval, input: redact(reply.approval.input, texts) },
            messages: redact(reply.messages, texts),
          };
        case 'failed': {
          const { code, metrics, raw } = reply;
          const end: StepEnd = { status: 'failed', code, failure: redactFailure(reply.failure, texts), metrics };
          return { is: 'ended', end: raw === undefined ? end : { ...end, raw_output: redact(raw, texts) } };
        }
        case 'done': {
          const { output, stepOutput, confidenceThreshold } = stored.value;
          const { metrics, reflected } = reply;
          return {
            is: 'ended',
            end: judge(redact(reply.output, texts), {
              schemas: [output, ...(stepOutput ? [stepOutput] : [])],
              metrics,
              reflected,
              // What went through a reflection is taken whatever its confidence.
              ...(confidenceThreshold === undefined || reflected ? {} : { threshold: confidenceThreshold }),
            }),
          };
        }
      }
    },
    { anew: true },
  );

/** The last entry of a list. */
const latest: ListFold<{ entry: Json | undefined }> = {
  initial: () => ({ entry: undefined }),
  add: (_, entry) => ({ entry }),
};

async function storedTask(scope: EffectScope): Promise<StoredAgentTask> {
  const { entry } = await foldOf(scope, 'task', latest);
  if (entry === undefined) throw new TroupeError('internal', 'The agent step has not stored its task.');
  // The step wrote it itself, and writes nothing else to this list.
  return entry as unknown as StoredAgentTask;
}

// The step wrote the entry itself.
const messagesIn = (entry: Json | undefined): Json =>
  (entry as { readonly messages?: Json } | undefined)?.messages ?? null;

const secretParamsOf = ({ value, sealed }: StoredAgentTask): readonly (readonly string[])[] =>
  value.servers.map((_, at) => [
    ...new Set(
      sealed.flatMap(({ path: [first, server, part, name] }) =>
        first === 'servers' && server === at && part === 'params' ? [String(name)] : [],
      ),
    ),
  ]);
