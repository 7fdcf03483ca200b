/** Compares what came of a case with what was recorded, or with its target. */
import { expect } from 'vitest';
import type { Played } from './play.ts';
import type { RecordedCase } from './recording.ts';
import { failures, targets, type StepTarget } from './targets.ts';

/** Expects of a run what its case says. */
export function expectCase(recorded: RecordedCase, played: Played): void {
  const target = targets[recorded.id];
  expect(played.http, 'the status of the answer').toBe(recorded.http);
  expect(played.status ?? null, 'the status of the run').toBe(target?.status ?? recorded.status);
  const [code, says] = failures[recorded.id] ?? [];
  if (says) expect(played.failure?.message ?? 'there is no failure').toMatch(says);
  else expect(played.failure).toBeUndefined();
  expectSteps(recorded, played);
  if (code) expect(Object.values(played.steps)).toContainEqual(expect.objectContaining({ status: 'failed', code }));
  expectModelCalls(recorded, played);
  expectHooks(recorded, played);
}

function expectSteps(recorded: RecordedCase, played: Played): void {
  const changes = targets[recorded.id]?.steps ?? {};
  const steps = recorded.steps ?? {};
  const ids = [...new Set([...Object.keys(steps), ...Object.keys(changes)])].filter((id) => changes[id] !== null);
  expect(Object.keys(played.steps).toSorted(), 'the steps that have ended').toEqual(ids.toSorted());
  for (const id of ids) {
    const change = changes[id] ?? undefined;
    const before = steps[id];
    const end = played.steps[id];
    const wanted: StepTarget | undefined = change ?? before;
    if (wanted?.status !== undefined) expect(end, id).toMatchObject({ status: wanted.status });
    if (wanted?.status === 'complete' && wanted.output !== undefined)
      expect(end, id).toMatchObject({ status: 'complete', output: wanted.output });
    if (wanted?.status === 'complete' && end?.status === 'complete' && wanted.output !== undefined)
      expect(end.output, id).toEqual(wanted.output);
    if (change?.llm !== undefined) expect(end?.metrics.llm_calls, id).toBe(change.llm);
    if (change?.notes !== undefined) expect(end?.notes, id).toEqual(change.notes);
    if (change?.llm !== undefined || !before?.metrics) continue;
    const { cost_usd: cost, ...counts } = before.metrics;
    expect(end?.metrics, id).toMatchObject(counts);
    expect(end?.metrics.cost_usd, id).toBeCloseTo(cost, 9);
  }
}

/** The calls of the model are recorded for the first project only. Steps run at the same time, so that their order is not compared. */
function expectModelCalls({ id, llm_calls: calls }: RecordedCase, { models }: Played): void {
  if (!id.startsWith('p1/')) return;
  const last = (messages: readonly { readonly role: string; readonly content: string }[]) =>
    messages.findLast(({ role }) => role === 'user')?.content ?? '';
  const asked = targets[id]?.asked;
  if (asked) return expect(models.map(({ messages }) => last(messages)).toSorted()).toEqual(asked.toSorted());
  if (targets[id]?.steps) return;
  const shown = (call: (typeof calls)[number] | Played['models'][number]) => ({
    model: call.model,
    maxTokens: call.max_tokens,
    // It is sent when the group sets one; the recorded system sent 0 otherwise.
    temperature: call.temperature === 0 ? undefined : call.temperature,
    // The schema is in the system prompt, as it was recorded; the words around it are ours.
    system: partsOfSystem(call.messages[0]?.content ?? ''),
    messages: call.messages.slice(1).map(({ role, content }) => ({ role, content })),
    tools: call.tools?.length ?? 0,
  });
  const inOrder = (list: readonly unknown[]) => list.map((each) => JSON.stringify(each)).toSorted();
  expect(inOrder(models.map(shown))).toEqual(inOrder(calls.map(shown)));
}

const partsOfSystem = (text: string) => {
  const written = text.slice(0, text.indexOf('\n\n'));
  return { written, schema: JSON.parse(text.slice(text.indexOf('{', written.length))) as unknown };
};

function expectHooks({ id, webhook_calls: calls }: RecordedCase, { hooks }: Played): void {
  const wanted = targets[id]?.hooks;
  const arrived = hooks.map(({ url, body }) => [url, JSON.parse(body) as unknown] as const);
  const byUrl = (a: readonly unknown[], b: readonly unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
  if (wanted) return expect(arrived.toSorted(byUrl)).toEqual(wanted.toSorted(byUrl));
  const recorded = calls.map(({ method, url, body }) => ({ method, url, body: JSON.parse(body) as unknown }));
  expect(hooks.map(({ method, url, body }) => ({ method, url, body: JSON.parse(body) as unknown }))).toEqual(recorded);
}
