/** A tool with guardrails in front of it. Each call is checked before and after it is made. Counts last as long as this process. */
import type { Guardrail } from '../../../actors/guardrailDefinition.ts';
import { breaker } from '../../../actors/gateway.ts';
import { askCheckInTime, checkResultOf } from '../../../actors/checkResult.ts';
import { takeFromBucket, type TokenBuckets } from '../../../machines/guardrail/tokenBucket.ts';
import { guardrailRefusal } from '../../../machines/guardrail/refusal.ts';
import { rejectedBefore } from '../../../machines/guardrail/rules.ts';
import { defaultGuardrailSettings } from '../../../machines/guardrail/settings.ts';
import { fromFailure, toFailure, TroupeError, type Failure } from '../../values/failure.ts';
import type { AgentAnswer } from '../../contracts/agent.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import type { ToolScope } from '../../contracts/tool.ts';
import type { GuardrailStage, Work } from '../../contracts/work.ts';
import type { Tool } from '../../tools/tool.ts';

type Rejected = Parameters<typeof guardrailRefusal>[2];

/** The same tool with guardrails. Throws `definition` for guardrails that a tool cannot have. */
export function guardedTool(tool: Tool, guardrails: readonly Guardrail[]): Tool {
  for (const guardrail of guardrails) requireFitting(tool, guardrail);
  const checkers = guardrails.map(checkerOf);
  const judgesOutput = guardrails.some(({ checks, holdBack }) => checks.post && holdBack === undefined);
  const longest = Math.min(
    ...guardrails.map(({ rule }) => (rule.kind === 'timeout' ? (rule.max ?? Infinity) : Infinity)),
  );
  const timeout = Math.min(tool.timeout, longest);
  return Object.freeze({
    ...tool,
    timeout,
    async run(input: unknown, scope: ToolScope) {
      const work = workOf({ name: tool.name, timeout }, input);
      const passed: ReturnType<typeof checkerOf>[] = [];
      for (const each of checkers) {
        const rejected = await each.before(work, scope);
        if (!rejected) {
          passed.push(each);
          continue;
        }
        // A call that was rejected does not count.
        for (const earlier of passed) earlier.refund(work, scope);
        throw refusalError(each.name, 'pre', rejected, { sent: false });
      }
      // What a tool reports is shown when its output was let through.
      const notes: Json[] = [];
      const progress = judgesOutput ? (note: Json) => void notes.push(note) : scope.progress;
      const output = await runTool(tool, input, { ...scope, progress }, checkers);
      for (const each of checkers.toReversed()) {
        const rejected = await each.after(work, output, scope);
        if (rejected) throw refusalError(each.name, 'post', rejected, { done: true });
        each.succeeded();
      }
      for (const note of notes) scope.progress(note);
      return output;
    },
  });
}

async function runTool(
  tool: Tool,
  input: unknown,
  scope: ToolScope,
  checkers: readonly ReturnType<typeof checkerOf>[],
) {
  try {
    return await tool.run(input, scope);
  } catch (thrown) {
    for (const each of checkers) each.failed(scope, thrown);
    throw thrown;
  }
}

/** The error of a rejected call. `more` tells the engine whether the call was made: `sent: false` or `done: true`. */
const refusalError = (name: string, stage: GuardrailStage, rejected: Rejected, more: JsonObject): TroupeError => {
  const { data, ...failure } = guardrailRefusal(name, stage, rejected);
  // What a refusal says is an object.
  return fromFailure({ ...failure, data: { ...(data as JsonObject), ...more } as Failure['data'] });
};

/** The checks of one guardrail, with its counts in this process. */
function checkerOf(guardrail: Guardrail) {
  const { name, rule, checks, limit, trip } = guardrail;
  const circuit =
    typeof trip === 'object' ? breaker({ threshold: trip.after, pause: trip.rest, longest: trip.rest }) : undefined;
  const settings = { ...defaultGuardrailSettings, name, rule };
  let buckets: TokenBuckets = {};
  const takeTokens = (work: Work, tasks: number, at: number) => {
    if (rule.kind === 'rateLimit') buckets = takeFromBucket(buckets, rule.keyOf(work), { tasks }, rule, at);
  };
  const runCheck = async (ask: () => unknown, { clock }: ToolScope): Promise<Rejected | undefined> => {
    const answer = await askCheckInTime(ask, { clock, limit });
    const verdict = 'says' in answer ? checkResultOf(answer.says) : answer.failed;
    return verdict.ok ? undefined : verdict;
  };
  const countRejection = (rejected: Rejected | undefined, { clock }: ToolScope) => {
    if (rejected) circuit?.failed(clock.now(), guardrailRefusal(name, 'pre', rejected));
    return rejected;
  };
  return {
    name,
    async before(work: Work, scope: ToolScope): Promise<Rejected | undefined> {
      const at = scope.clock.now();
      if (circuit && !circuit.allows(at))
        return { kind: 'transient', reason: 'too many failed in a row, and it rests' };
      const rejected = rejectedBefore(settings, { buckets, cancelled: undefined }, work, at);
      if (rejected) return countRejection(rejected, scope);
      takeTokens(work, 1, at);
      for (const stage of ['pre', 'mid'] as const) {
        const check = checks[stage];
        const rejection = check && (await runCheck(() => check(checkInputOf(work, scope)), scope));
        if (rejection) return countRejection(rejection, scope);
      }
      return undefined;
    },
    async after(work: Work, output: unknown, scope: ToolScope): Promise<Rejected | undefined> {
      // An output is made JSON after the guardrails; they see it as the tool gave it.
      const body = (output ?? null) as AgentAnswer['body'];
      const { post } = checks;
      const checkInput = {
        ...checkInputOf(work, scope),
        text: textOf(body),
        answer: { type: work.message.type, body },
        usage,
      };
      return countRejection(post && (await runCheck(() => post(checkInput), scope)), scope);
    },
    refund: (work: Work, { clock }: ToolScope) => takeTokens(work, -1, clock.now()),
    succeeded: () => circuit?.succeeded(),
    failed: ({ clock }: ToolScope, thrown: unknown) => circuit?.failed(clock.now(), toFailure(thrown)),
  };
}

const usage = { steps: 0, inputTokens: 0, outputTokens: 0, cachedTokens: 0, toolCalls: 1, usd: 0 };
const textOf = (body: Json): string => (typeof body === 'string' ? body : JSON.stringify(body));
const checkInputOf = ({ message: { type, body }, attempt, facts }: Work, { signal }: ToolScope) => ({
  type,
  body,
  text: textOf(body),
  parts: [],
  to: undefined,
  attempt,
  facts,
  signal,
});

function workOf({ name, timeout }: Pick<Tool, 'name' | 'timeout'>, input: unknown): Work {
  // The input of a tool may be more than JSON; guardrails see what JSON can hold of it.
  const body: AgentAnswer['body'] = JSON.parse(JSON.stringify(input ?? null));
  return { type: 'work', id: name, message: { type: name, body }, attempt: 1, facts: { timeout } };
}

function requireFitting({ name }: Tool, { name: guardrail, rule, checks, trip }: Guardrail): void {
  const problem =
    rule.kind === 'budget' || (rule.kind === 'rateLimit' && rule.tokens !== undefined)
      ? 'a tool uses no steps and no tokens. Put it in front of the agent that calls the tool'
      : rule.kind === 'cancellation'
        ? 'the call of a tool is cancelled by its signal. Put it in front of the agent that calls the tool'
        : checks.tool || (checks.stream && !checks.post)
          ? 'a tool calls none and streams nothing. Put it in front of the agent that calls the tool'
          : trip === 'person'
            ? 'nobody could reset it there. Use trip: { after, rest }'
            : undefined;
  if (problem)
    throw new TroupeError('definition', `The guardrail "${guardrail}" cannot guard the tool "${name}": ${problem}.`);
}
