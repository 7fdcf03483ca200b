/** A coding agent as a flow: a loop of model calls and tools that side by side are checkpoints, a question to a person, a budget of tool calls. Here with a scripted model. */
import assert from 'node:assert/strict';
import { flow, openRuntime, type FlowContext } from 'troupe';
import { scriptedModel } from 'troupe/testing';
import { z } from 'zod';

const files = new Map([['sum.ts', 'export const sum = (a, b) => a - b;']]);
const tools: Record<string, (input: Record<string, string>) => string> = {
  read: ({ path = '' }) => files.get(path) ?? fail(`There is no file ${path}.`),
  write: ({ path = '', text = '' }) => (files.set(path, text), `Wrote ${path}.`),
};
const fail = (message: string): never => {
  throw new Error(message);
};
const Turn = z.object({ tool: z.string(), input: z.record(z.string(), z.string()).default({}) }).array();

const agent = flow('coder', { input: z.object({ task: z.string(), maxTools: z.number() }) }, async (ctx, given) => {
  const said = [`Task: ${given.task}. Answer with a JSON list of { tool, input }.`];
  const ask = (id: string) => ctx.llm(said.join('\n'), { name: id, model });
  for (let turn = 0, used = 0; ; turn++) {
    const text = await ask(`llm_${turn}`);
    const calls = parse(text);
    if (typeof calls === 'string') said.push(calls);
    else if (calls.some(({ tool }) => tool === 'finish')) return calls[0]!.input['summary'];
    else if ((used += calls.length) > given.maxTools) return ask('final_summary');
    // Those of one turn work side by side; each has an id that tells its turn and its place.
    else said.push(...(await Promise.all(calls.map((call, i) => perform(ctx, call, `tool_${turn}_${i}`)))));
  }
});

/** What the model has said, or what is wrong with it: it is told so, and can do better. */
function parse(text: string): z.infer<typeof Turn> | string {
  try {
    return Turn.parse(JSON.parse(text));
  } catch (error) {
    return `That was no JSON list of tool calls: ${(error as Error).message}`;
  }
}

/** A tool that fails is something the model reads, not the end of the run. */
async function perform(ctx: FlowContext, { tool, input }: z.infer<typeof Turn>[number], id: string): Promise<string> {
  if (tool === 'ask_user')
    return `The user: ${await ctx.wait({ name: id, schema: z.string(), question: input['question'] ?? '?' })}`;
  return ctx
    .checkpoint(tool, { id, type: 'tool_call' }, () => (tools[tool] ?? fail(`There is no tool ${tool}.`))(input))
    .catch((error: Error) => `Error of ${tool}: ${error.message}`);
}

const calls = (...list: [tool: string, input: object][]) => ({
  text: JSON.stringify(list.map(([tool, input]) => ({ tool, input }))),
});
const model = scriptedModel([
  { text: 'Let me look.' },
  calls(['read', { path: 'sum.ts' }], ['read', { path: 'missing.ts' }]),
  calls(['ask_user', { question: 'May I change sum.ts?' }]),
  calls(['write', { path: 'sum.ts', text: 'export const sum = (a, b) => a + b;' }]),
  calls(['finish', { summary: 'sum adds now.' }]),
  calls(['read', { path: 'a' }], ['read', { path: 'b' }]),
  { text: 'I ran out of tools.' },
]);

await using runtime = await openRuntime({ db: 'memory' });
const handle = await runtime.start(agent, { task: 'sum is wrong', maxTools: 5 }, { key: 'fix' });
const waiting = await handle.outcome({ returnWhenWaiting: true });
assert.ok(waiting.status === 'waiting' && waiting.tickets[0]?.question === 'May I change sum.ts?');
await runtime.answer(waiting.tickets[0].id, 'Yes.');
assert.deepEqual(await handle.outcome(), { status: 'done', output: 'sum adds now.' });
assert.equal(files.get('sum.ts'), 'export const sum = (a, b) => a + b;');
const [, second, third] = model.requests.map(({ messages }) => JSON.stringify(messages));
assert.ok(second?.includes('That was no JSON list') && third?.includes('Error of read: There is no file missing.ts.'));
const small = await runtime.start(agent, { task: 'read all', maxTools: 1 }, { key: 'small' });
assert.deepEqual(await small.outcome(), { status: 'done', output: 'I ran out of tools.' });
console.log('sum adds now.');
