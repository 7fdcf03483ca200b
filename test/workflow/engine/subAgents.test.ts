/** Agents that call other agents like tools: `sub_agents` of an agent file. */
import { expect, test } from 'vitest';
import { crashEverywhere, expectSurvival, testRuntime } from 'troupe/testing';
import type { ModelAnswer, ModelRequest } from '../../../src/contracts/model.ts';
import { approvals } from '../../../src/doors/http/serve/approvals.ts';
import type { StepRecord } from '../../../src/contracts/workflow/step.ts';
import { memory } from '../../../src/journal/memory/memory.ts';
import { TroupeError } from '../../../src/values/failure.ts';
import { dose } from '../../dose.ts';
import { calling, definitionOf, lastOf, runnable, says, type Outside } from './world.ts';

const desk = (...allow: readonly string[]) =>
  `servers: [{name: desk, path: ../servers/desk.server.yaml, access: {allowlist: [${allow.join(', ')}]}}]\n`;

const keyed = (token: string) =>
  `servers: [{name: desk, path: ../servers/desk.server.yaml, params: {token: ${token}}, access: {allowlist: [note]}}]\n`;

interface Parts {
  readonly editor?: string;
  readonly finder?: string;
  readonly head?: string;
}

/** An editor that calls a finder. */
const project = ({ editor = '', finder = '', head = '' }: Parts = {}) => ({
  'workflows/w.workflow.yaml': `kind: workflow\n${head}pipeline:\n  - {id: edit, agent: ../agents/editor.agent.yaml}\noutput: {map: {said: "{{ step.edit.text }}"}}\n`,
  'servers/desk.server.yaml': 'name: desk\nurl: http://desk/mcp\n',
  'agents/editor.agent.yaml': `name: editor\nmodel: standard\nsub_agents: [finder.agent.yaml]\nprompt: {system: You edit., user: edit}\noutput: {schema: {type: object, required: [text], properties: {text: {type: string}}}}\n${editor}`,
  'agents/finder.agent.yaml': `name: fact finder\ndescription: Finds a fact.\nparams: {schema: {type: object, required: [topic], properties: {topic: {type: string}, lines: {type: integer, default: 2}}}}\nprompt: {system: You find., user: "find {{ params.topic }} {{ params.lines }}"}\noutput: {schema: {type: object, required: [fact], properties: {fact: {type: string}, ktsu_confidence: {type: number}}}}\n${finder}`,
});

/** The results of tools that a model was shown. */
const resultsIn = ({ messages }: ModelRequest) =>
  messages.flatMap((message) => (message.role === 'tool' ? message.results : []));
const isFinder = ({ instructions }: ModelRequest) => instructions.startsWith('You find.');
const namesOf = ({ tools }: ModelRequest) => tools.map(({ name }) => name);

/** The editor calls the finder once, and says what it was told; the finder answers so, in turn. */
function talk(call: ModelAnswer, ...finds: readonly (ModelAnswer | Error)[]) {
  const asked: ModelRequest[] = [];
  let turn = 0;
  const model = (request: ModelRequest): ModelAnswer => {
    asked.push(request);
    if (!isFinder(request)) {
      const [result] = resultsIn(request);
      return result ? says({ text: `${result.ok ? 'ok' : 'no'}: ${result.content}` }) : call;
    }
    const find = finds[Math.min(turn++, finds.length - 1)] ?? says({ fact: 'Actors are old.' });
    if (find instanceof Error) throw find;
    return find;
  };
  return { asked, model };
}

const find = calling(['fact_finder', { topic: 'actors' }]);

async function played(
  parts: Parts,
  outside: Outside,
  people?: (runtime: Awaited<ReturnType<typeof testRuntime>>) => Promise<void>,
) {
  const journal = memory();
  await using runtime = await testRuntime({ journal });
  const { subject, world } = runnable(await definitionOf(project(parts)), outside);
  const handle = await runtime.start(subject, {});
  await runtime.advance('10s');
  await people?.(runtime);
  await runtime.advance('1m');
  const records = (await journal.list(handle.root, 'records')) as unknown as readonly StepRecord[];
  const rows = await journal.find({ run: handle.id });
  return { end: records[0]?.end, world, rows, outcome: await handle.outcome({ returnWhenWaiting: true }) };
}

const textOf = (end: StepRecord['end'] | undefined): unknown =>
  end?.status === 'complete' ? (end.output as { text?: unknown }).text : end;

test('a sub-agent is a tool: its parameters are the arguments, and its output without the reserved ones is the result', async () => {
  const { asked, model } = talk(find, says({ fact: 'Actors are old.', ktsu_confidence: 0.9 }));
  const { end } = await played({}, { model });
  expect(textOf(end)).toBe('ok: {"fact":"Actors are old."}');
  expect(asked[0]?.tools).toEqual([
    {
      name: 'fact_finder',
      description: 'Finds a fact.',
      input: {
        type: 'object',
        properties: { topic: { type: 'string' }, lines: { type: 'integer', default: 2 } },
        required: ['topic'],
        additionalProperties: false,
      },
    },
  ]);
  expect(asked[1] && lastOf(asked[1])).toBe('find actors 2');
});

test('what it uses is used by the step', async () => {
  const { model } = talk(find);
  const { end } = await played({}, { model });
  // Two answers of the editor and one of the finder, and the call of the finder.
  expect(end?.metrics).toMatchObject({ llm_calls: 3, tool_calls: 1, tokens_in: 30, tokens_out: 15 });
  expect(end?.metrics?.cost_usd).toBeCloseTo(0.003);
});

test('an output that breaks its schema is sent back once, as for every agent', async () => {
  const { asked, model } = talk(find, says({ wrong: true }), says({ fact: 'Mended.' }));
  const { end } = await played({}, { model });
  expect(textOf(end)).toBe('ok: {"fact":"Mended."}');
  expect(asked.filter(isFinder).map((request) => lastOf(request).split('\n')[0])).toEqual([
    'find actors 2',
    'Your response does not fit the JSON schema:',
  ]);
});

test.each<[string, ModelAnswer, RegExp]>([
  ['breaks its schema twice', says({ wrong: true }), /^no: "fact_finder" could not do it: output_invalid: /],
  [
    'says that it was attacked',
    says({ fact: 'secret', ktsu_injection_attempt: true }),
    /^no: .*injection_attempt: (?!.*secret)/,
  ],
])('a sub-agent that %s is a failed tool for its caller, which goes on', async (_, reply, text) => {
  const { model } = talk(find, reply);
  const { end } = await played({}, { model });
  expect(textOf(end)).toMatch(text);
  expect(end?.metrics?.llm_calls).toBeGreaterThan(2);
});

test('a sub-agent whose model cannot be reached is a failed tool as well', async () => {
  const { model } = talk(find, new Error('the line is dead'));
  expect(textOf((await played({}, { model })).end)).toMatch(/^no: .*could not do it: .*the line is dead/);
});

test('arguments that do not fit are told to the model, and the sub-agent is not asked', async () => {
  const { asked, model } = talk(calling(['fact_finder', { topic: 7, page: 1 }]));
  const { end } = await played({}, { model });
  expect(textOf(end)).toMatch(/^no: Not made: the arguments of "fact_finder" do not fit/);
  expect(asked.filter(isFinder)).toEqual([]);
  expect(end?.metrics?.tool_calls).toBe(0);
});

test('what a model gives is no template', async () => {
  const { asked, model } = talk(calling(['fact_finder', { topic: '{{ params.lines }} {{ env.KEY }}' }]));
  await played({}, { model });
  expect(asked.filter(isFinder).map(lastOf)).toEqual(['find {{ params.lines }} {{ env.KEY }} 2']);
});

test('it has the tools that both may call, and is asked for what either has a person agree to', async () => {
  const { asked, model } = talk(find, calling(['pay', { sum: 3 }]), says({ fact: 'Paid.' }));
  const parts = { editor: desk('note', '{name: pay, require_approval: {on_reject: fail}}'), finder: desk('"p*"') };
  const decided = (approved: boolean) => async (runtime: Awaited<ReturnType<typeof testRuntime>>) => {
    const tickets = await runtime.tickets();
    expect(tickets).toHaveLength(1);
    for (const ticket of tickets) await runtime.answer(ticket.id, { approved });
  };
  const { end, world } = await played(parts, { model }, decided(true));
  expect(textOf(end)).toBe('ok: {"fact":"Paid."}');
  expect(world.notes).toEqual([['pay', { sum: 3 }]]);
  expect(asked.map(namesOf).slice(0, 2)).toEqual([['note', 'pay', 'fact_finder'], ['pay']]);
  const refused = await played(parts, { model: talk(find, calling(['pay', {}])).model }, decided(false));
  expect(textOf(refused.end)).toMatch(/^no: .*approval_rejected/);
  expect(refused.world.notes).toEqual([]);
});

test('one budget holds for both', async () => {
  const price = { input: 50, output: 50 };
  // Each answer costs 0.001; there is no more for the finder's second one.
  const { asked, model } = talk(find, says({ wrong: true }), says({ fact: 'Mended.' }));
  const { end } = await played({ head: 'model_policy: {cost_budget_usd: 0.0025}\n' }, { model, price });
  expect(end).toMatchObject({ status: 'failed', code: 'budget_exceeded', metrics: { llm_calls: 2 } });
  expect(asked).toHaveLength(2);
});

/** An editor that calls the finder with each of these topics in one turn, and finders that take a second. */
async function together(topics: readonly string[], options: { head?: string; price?: Outside['price'] } = {}) {
  const journal = memory();
  await using runtime = await testRuntime({ journal });
  const { clock } = runtime;
  const told: string[] = [];
  let atWork = 0;
  let most = 0;
  const { subject, world } = runnable(await definitionOf(project({ editor: desk('note'), ...options })), {
    ...(options.price ? { price: options.price } : {}),
    async model(request) {
      const results = resultsIn(request);
      if (!isFinder(request))
        return results.length > 0
          ? says({
              text: results
                .map(({ id, ok, content }) => `${id} ${ok ? content : 'no'}`)
                .toSorted()
                .join(),
            })
          : calling(
              ...topics.map((topic) =>
                topic === 'note' ? (['note', {}] as const) : (['fact_finder', { topic }] as const),
              ),
            );
      told.push(`${lastOf(request)}, ${world.notes.length} noted`);
      most = Math.max(most, ++atWork);
      await new Promise<void>((done) => void clock.wake(clock.now() + 1_000, () => done()));
      atWork--;
      return says({ fact: lastOf(request) });
    },
  });
  const began = clock.now();
  const handle = await runtime.start(subject, {});
  let took = 0;
  void handle.outcome().then(() => (took = clock.now() - began));
  await runtime.advance('1m');
  const outcome = await handle.outcome();
  const [record] = (await journal.list(handle.root, 'records')) as unknown as readonly StepRecord[];
  return { outcome, told, most, took, end: record?.end };
}

test('sub-agents that are called in a row work at once, beside no tool', async () => {
  const { outcome, told, most } = await together(['a', 'b', 'note', 'c']);
  expect(outcome).toMatchObject({
    status: 'done',
    output: { said: 'c0 {"fact":"find a 2"},c1 {"fact":"find b 2"},c2 done,c3 {"fact":"find c 2"}' },
  });
  expect(told.toSorted()).toEqual(['find a 2, 0 noted', 'find b 2, 0 noted', 'find c 2, 1 noted']);
  expect(most).toBe(2);
});

test('of many that are called in one turn eight work at once', async () => {
  const { outcome, told, most, took, end } = await together(Array.from({ length: 20 }, (_, n) => `t${n}`));
  expect(outcome).toMatchObject({ status: 'done' });
  expect([told.length, most]).toEqual([20, 8]);
  // Three rounds of a second.
  expect(Math.round(took / 1_000)).toBe(3);
  expect(end?.metrics).toMatchObject({ llm_calls: 22, tool_calls: 20 });
});

test('one whose arguments do not fit keeps the others from nothing', async () => {
  const { outcome } = await together(['a', 7 as unknown as string, 'b']);
  expect(outcome).toMatchObject({ output: { said: 'c0 {"fact":"find a 2"},c1 no,c2 {"fact":"find b 2"}' } });
});

test('together they cannot spend more than is left: each has an equal share', async () => {
  // The editor's answer costs 0.001; what is left is enough for one of the three.
  const price = { input: 50, output: 50 };
  const head = 'model_policy: {cost_budget_usd: 0.0035}\n';
  const { told, end } = await together(['a', 'b', 'c'], { head, price });
  expect(told).toEqual([]);
  expect(end?.metrics?.cost_usd).toBeLessThanOrEqual(0.0035);
  const enough = await together(['a', 'b'], { head: 'model_policy: {cost_budget_usd: 0.0045}\n', price });
  expect(enough.told).toHaveLength(2);
  expect(enough.outcome).toMatchObject({ status: 'done' });
  expect(enough.end?.metrics?.cost_usd).toBeCloseTo(0.004);
});

test('a cancel reaches all that are at work, and what each has used is counted', async () => {
  const journal = memory();
  await using runtime = await testRuntime({ journal });
  const { subject } = runnable(await definitionOf(project({ editor: desk('note'), finder: desk('note') })), {
    model: (request) =>
      !isFinder(request)
        ? calling(...['a', 'b', 'c'].map((topic) => ['fact_finder', { topic }] as const))
        : resultsIn(request).length > 0
          ? new Promise(() => {})
          : calling(['note']),
  });
  const handle = await runtime.start(subject, {});
  await runtime.advance('10s');
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  await runtime.advance('1m');
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
  const [record] = (await journal.list(handle.root, 'records')) as unknown as readonly StepRecord[];
  // One answer of the editor and one of each finder; three notes, and three calls of finders.
  expect(record?.end).toMatchObject({ status: 'failed', code: 'cancelled', metrics: { llm_calls: 4, tool_calls: 6 } });
  expect((await journal.find({ run: handle.id })).filter(({ status }) => status === 'active')).toEqual([]);
});

test('two that wait for a person at once are decided about one by one', async () => {
  const parts = { editor: desk('{name: pay, require_approval: {on_reject: recover}}'), finder: desk('pay') };
  const journal = memory();
  await using runtime = await testRuntime({ journal });
  const { subject, world } = runnable(await definitionOf(project(parts)), {
    model(request) {
      const results = resultsIn(request);
      if (isFinder(request)) {
        const [result] = results;
        return result ? says({ fact: `${lastOf(request)} ${result.ok}` }) : calling(['pay', { for: lastOf(request) }]);
      }
      return results.length > 0
        ? says({
            text: results
              .map(({ content }) => content)
              .toSorted()
              .join(),
          })
        : calling(['fact_finder', { topic: 'a' }], ['fact_finder', { topic: 'b' }]);
    },
  });
  const handle = await runtime.start(subject, {});
  await runtime.advance('10s');
  const tickets = await runtime.tickets();
  expect(tickets).toHaveLength(2);
  const { approvalsOf, decide } = approvals(runtime);
  const both = await approvalsOf(handle.id);
  expect(both).toHaveLength(2);
  // Nobody agrees to a call that somebody else was shown.
  expect(await decide({ run: handle.id, step: 'edit', decision: 'approved' })).toEqual({ several: both });
  expect(await runtime.tickets()).toHaveLength(2);
  for (const { ticket_id: ticket, arguments: about } of both) {
    const decision = JSON.stringify(about).includes('find a') ? 'approved' : 'rejected';
    expect(await decide({ run: handle.id, step: 'edit', ticket, decision })).toBe('done');
  }
  await runtime.advance('10s');
  expect(await handle.outcome()).toMatchObject({
    output: { said: '{"fact":"find a 2 true"},{"fact":"find b 2 false"}' },
  });
  expect(world.notes).toEqual([['pay', { for: 'find a 2' }]]);
});

test('a sub-agent has sub-agents of its own, and the models of its caller when it names none', async () => {
  const groups: unknown[] = [];
  const definition = await definitionOf({
    ...project({ finder: 'sub_agents: [reader.agent.yaml]\nmodel: fast\n' }),
    'agents/reader.agent.yaml':
      'name: reader\ndescription: Reads.\nprompt: {system: You read., user: read}\noutput: {schema: {type: object}}\n',
  });
  const { subject } = runnable(definition, {
    model(request) {
      const [result] = resultsIn(request);
      if (request.instructions.startsWith('You read.')) return says({ page: 7 });
      if (isFinder(request)) return result ? says({ fact: result.content }) : calling(['reader']);
      return result ? says({ text: result.content }) : find;
    },
    group: (group) => groups.push(group),
  });
  const journal = memory();
  await using runtime = await testRuntime({ journal });
  const handle = await runtime.start(subject, {});
  expect(await handle.outcome()).toMatchObject({ output: { said: '{"fact":"{\\"page\\":7}"}' } });
  const [record] = (await journal.list(handle.root, 'records')) as unknown as readonly StepRecord[];
  expect(record?.end.metrics).toMatchObject({ llm_calls: 5, tool_calls: 2 });
  expect(groups).toEqual(['standard', 'fast', 'fast', 'fast', 'standard']);
});

test('a cancel reaches it, and the step says what it has used', async () => {
  const journal = memory();
  await using runtime = await testRuntime({ journal });
  const { subject } = runnable(await definitionOf(project({ editor: desk('note'), finder: desk('note') })), {
    model: (request) =>
      !isFinder(request) ? find : resultsIn(request).length > 0 ? new Promise(() => {}) : calling(['note']),
  });
  const handle = await runtime.start(subject, {});
  await runtime.advance('10s');
  await runtime.signal(handle.root, { type: 'run.cancel', reason: 'enough' });
  await runtime.advance('1m');
  expect(await handle.outcome()).toMatchObject({ status: 'cancelled' });
  const [record] = (await journal.list(handle.root, 'records')) as unknown as readonly StepRecord[];
  expect(record?.end).toMatchObject({ status: 'failed', code: 'cancelled', metrics: { llm_calls: 2, tool_calls: 2 } });
  expect((await journal.find({ run: handle.id })).filter(({ status }) => status === 'active')).toEqual([]);
});

test('a crash at any point repeats nothing that it has done', async () => {
  const definition = await definitionOf(project({ editor: desk('note'), finder: desk('note') }));
  const model = (request: ModelRequest) => {
    const [result] = resultsIn(request);
    if (isFinder(request)) return result ? says({ fact: result.content }) : calling(['note', { of: 'finder' }]);
    return result ? says({ text: result.content }) : find;
  };
  const report = expectSurvival(
    await crashEverywhere(() => {
      const { subject, world } = runnable(definition, { model });
      return { subject, input: {}, world: () => world.notes };
    }),
  );
  expect(report.points).toBeGreaterThan(5);
});

test('a crash at any point repeats nothing of what several have done at once', async () => {
  const definition = await definitionOf(project({ editor: desk('note'), finder: desk('note') }));
  const model = (request: ModelRequest) => {
    const results = resultsIn(request);
    const [first] = results;
    if (isFinder(request)) return first ? says({ fact: first.content }) : calling(['note', { of: lastOf(request) }]);
    return first
      ? says({
          text: results
            .map(({ id, content }) => `${id} ${content}`)
            .toSorted()
            .join(),
        })
      : calling(['fact_finder', { topic: 'a' }], ['fact_finder', { topic: 'b' }], ['fact_finder', { topic: 'c' }]);
  };
  expectSurvival(
    await crashEverywhere(() => {
      const { subject, world } = runnable(definition, { model });
      return { subject, input: {}, world: () => world.notes.map((note) => JSON.stringify(note)).toSorted() };
    }),
  );
});

test('in items of a fan-out and in sub-workflows they work as well, and a crash at any point repeats nothing', async () => {
  const files = project({ editor: desk('note'), finder: desk('note') });
  const definition = await definitionOf({
    ...files,
    'workflows/w.workflow.yaml':
      'pipeline:\n  - {id: each, workflow: ./inner.workflow.yaml, params: {at: "{{ item }}"}, for_each: {from: params.list, concurrency: 2}}\n',
    'workflows/inner.workflow.yaml':
      'visibility: sub-workflow\nparams: {schema: {type: object, properties: {at: {type: string}}}}\npipeline:\n  - {id: edit, agent: ../agents/editor.agent.yaml, params: {at: "{{ params.at }}"}}\noutput: {map: {said: "{{ step.edit.text }}"}}\n',
    'agents/editor.agent.yaml': files['agents/editor.agent.yaml'].replace(
      'user: edit}',
      'user: "edit {{ params.at }}"}\nparams: {schema: {type: object, properties: {at: {type: string}}}}',
    ),
  });
  const model = (request: ModelRequest) => {
    const results = resultsIn(request);
    const [first] = results;
    if (isFinder(request)) return first ? says({ fact: lastOf(request) }) : calling(['note', { of: lastOf(request) }]);
    return first
      ? says({
          text: results
            .map(({ content }) => content)
            .toSorted()
            .join(),
        })
      : calling(...['a', 'b'].map((topic) => ['fact_finder', { topic: `${topic} ${lastOf(request)}` }] as const));
  };
  const report = expectSurvival(
    await crashEverywhere(
      () => {
        const { subject, world } = runnable(definition, { model });
        const noted = () => world.notes.map((note) => JSON.stringify(note)).toSorted();
        return { subject, input: { list: ['x', 'y'] }, world: noted };
      },
      dose<{ sample?: number }>({ sample: 25 }, {}),
    ),
  );
  expect(report.points).toBeGreaterThan(15);
});

test('a retry of a failed run takes what a sub-agent has found, and does not ask it again', async () => {
  const definition = await definitionOf(project());
  const journal = memory();
  const life = async (how: 'start' | 'retry') => {
    const { asked, model } = talk(find);
    const { subject } = runnable(definition, {
      model(request) {
        const reply = model(request);
        if (how === 'start' && resultsIn(request).length > 0) throw new TroupeError('tool', 'Not this time.');
        return reply;
      },
    });
    await using runtime = await testRuntime({ journal });
    const run = how === 'retry' ? await runtime.retry('k', subject) : await runtime.start(subject, {}, { key: 'k' });
    return { outcome: await run.outcome(), finds: asked.filter(isFinder).length };
  };
  expect(await life('start')).toMatchObject({ outcome: { status: 'failed' }, finds: 1 });
  expect(await life('retry')).toMatchObject({ outcome: { status: 'done' }, finds: 0 });
});

test('a pause holds a sub-agent before its model is asked', async () => {
  await using runtime = await testRuntime({ journal: memory() });
  const { asked, model } = talk(find, calling(['note']), says({ fact: 'Late.' }));
  const { subject } = runnable(await definitionOf(project({ editor: desk('note'), finder: desk('note') })), {
    model: async (request) => {
      const reply = model(request);
      await new Promise<void>((done) => void runtime.clock.wake(runtime.clock.now() + 1_000, () => done()));
      return reply;
    },
  });
  const handle = await runtime.start(subject, {});
  // The finder is asked for the first time.
  await runtime.advance('1500ms');
  await runtime.signal(handle.root, { type: 'run.pause' });
  await runtime.advance('1h');
  expect(asked).toHaveLength(2);
  await runtime.signal(handle.root, { type: 'run.resume' });
  await runtime.advance('1m');
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: { said: 'ok: {"fact":"Late."}' } });
});

test('its secret parameters are those of its caller, and no model sees them', async () => {
  const secret = 'params: {schema: {type: object, required: [key], properties: {key: {type: string, secret: true}}}}\n';
  const files = project({ editor: `${secret}${keyed('"{{ params.key }}"')}` });
  const definition = await definitionOf({
    ...files,
    'workflows/w.workflow.yaml':
      'kind: workflow\nenv: [{name: KEY, secret: true, default: s3cret-value}]\npipeline:\n  - {id: edit, agent: ../agents/editor.agent.yaml, params: {key: "{{ env.KEY }}"}}\n',
    'agents/finder.agent.yaml': `${files['agents/finder.agent.yaml'].replace(/params: .*\n/, secret).replace(/, user: .*\}/, '}')}${keyed('"{{ params.key }}"')}`,
    'servers/desk.server.yaml': 'name: desk\nurl: http://desk/mcp\nparams: {token: {secret: true}}\n',
  });
  const { asked, model } = talk(calling(['fact_finder']), calling(['note']), says({ fact: 'Found.' }));
  const tokens: unknown[] = [];
  const { subject } = runnable(definition, { model, credentials: (given) => tokens.push(given.params?.['token']) });
  const journal = memory();
  await using runtime = await testRuntime({ journal });
  const handle = await runtime.start(subject, {});
  expect(await handle.outcome()).toMatchObject({ status: 'done', output: { text: 'ok: {"fact":"Found."}' } });
  expect(new Set(tokens)).toEqual(new Set(['s3cret-value']));
  expect(asked[0]?.tools.find(({ name }) => name === 'fact_finder')?.input).toMatchObject({ properties: {} });
  const rows = await journal.find({ run: handle.id });
  expect(JSON.stringify([asked, rows])).not.toContain('s3cret-value');
});

test('a tool of a server with the name of a sub-agent is refused when it is found', async () => {
  const files = project({ editor: desk('"*"') });
  const { subject } = runnable(
    await definitionOf({
      ...files,
      'agents/finder.agent.yaml': files['agents/finder.agent.yaml'].replace('fact finder', 'note'),
    }),
  );
  await using runtime = await testRuntime({ journal: memory() });
  const handle = await runtime.start(subject, {});
  expect(await handle.outcome()).toMatchObject({
    status: 'failed',
    failure: {
      message: expect.stringContaining('A server has a tool "note", which is a sub-agent as well.') as string,
    },
  });
});

test('a runtime in another process refuses the step, and says what to do', async () => {
  const { end } = await played(
    {},
    {
      remote: { dispatch: () => Promise.resolve(), reply: () => new Promise(() => {}) },
    },
  );
  expect(end).toMatchObject({
    status: 'failed',
    code: 'dispatch_failed',
    failure: { kind: 'unsupported', message: expect.stringContaining('has sub-agents') as string },
  });
});
