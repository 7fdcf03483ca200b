/** An option that there is not is refused by name, by every public function that takes options: from JavaScript a wrong name would silently be none. */
import { describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { z } from 'zod';
import * as troupe from 'troupe';
import * as checking from 'troupe/check';
import * as testing from 'troupe/testing';
import { memory } from '../../src/journal/memory/memory.ts';

const { agent, team, tool, protocol, machine, guardrails, routers, until } = troupe;
const model = testing.scriptedModel(() => ({ text: 'ok' }));
const clerk = agent({ name: 'clerk', model });
const Talk = protocol({ ask: { body: z.string(), replies: ['tell'] }, tell: { body: z.string() } });
const chart = setup({}).createMachine({ id: 'still', initial: 'on', states: { on: {} } });
const add = { name: 'add', description: 'Adds.', input: z.object({}), output: z.null(), run: () => null };
const scenario = () => ({ subject: machine(chart), input: null });
const runtime = () => troupe.openRuntime({ journal: memory(), env: {} });

/** For each function: a call with the option `given`, and what was meant. The compiler would refuse every one of them. */
type Call = (options: never) => unknown;
const calls: Record<string, [given: string, meant: string, call: Call][]> = {
  tool: [
    ['efect', 'effect', (o: object) => tool({ ...add, ...o })],
    ['aproval', 'approval', (o: object) => tool({ ...add, ...o })],
  ],
  agent: [
    ['instrctions', 'instructions', (o: object) => agent({ name: 'a', model, ...o })],
    ['onexhausted', 'onExhausted', (o: object) => agent({ name: 'a', model, ...o })],
  ],
  flow: [['retry', 'retries', (o: object) => troupe.flow('f', o, async () => 1)]],
  checkpoint: [['timeuot', 'timeout', (o: object) => troupe.checkpoint('c', o, () => 1)]],
  troupeClient: [['runtme', 'runtime', (o: object) => troupe.troupeClient(o)]],
  secretStore: [['foldr', 'folder', (o: object) => troupe.secretStore(o)]],
  workflow: [['envfile', 'envFile', (o: object) => troupe.workflow('x.workflow.yaml', o)]],
  retryPauses: [['attemps', 'attempts', (o: object) => troupe.retryPauses(o)]],
  withRetry: [['jiter', 'jitter', (o: object) => troupe.withRetry(() => 1, o)]],
  withTimeLimit: [['signl', 'signal', (o: object) => troupe.withTimeLimit(() => 1, '1s', o)]],
  pruneMessages: [['reserv', 'reserve', (o: object) => troupe.pruneMessages([], o)]],
  withContextWindow: [['maxToken', 'maxTokens', (o: object) => troupe.withContextWindow(model, o)]],
  mcpServer: [['aproval', 'approval', (o: object) => troupe.mcpServer({ name: 's', command: 'x' }, o)]],
  aiSdkModel: [['masks', 'mask', (o: object) => troupe.aiSdkModel({ provider: 'p', modelId: 'm' } as never, o)]],
  team: [
    [
      'dedline',
      'deadline',
      (o: object) =>
        team({
          name: 't',
          protocol: Talk,
          members: { a: agent({ name: 'a', model, protocol: Talk, handles: ['ask'] }) },
          accepts: 'ask',
          returns: 'tell',
          route: { ask: (_, { to }) => to('a', 'ask', ''), tell: ({ body }, { finish }) => finish(body) },
          ...o,
        }),
    ],
  ],
  protocol: [['replis', 'replies', (o: object) => protocol({ a: { body: z.string(), ...o } })]],
  asTool: [['aproval', 'approval', (o: object) => troupe.asTool(clerk, { description: 'Works.', ...o })]],
  pipeline: [['dedline', 'deadline', (o: object) => troupe.pipeline({ name: 'p', stages: [clerk], ...o })]],
  roundRobin: [
    [
      'untill',
      'until',
      (o: object) => troupe.roundRobin({ name: 'p', members: [clerk], until: until.maxTurns(1), ...o }),
    ],
  ],
  selector: [
    [
      'chose',
      'choose',
      (o: object) =>
        troupe.selector({ name: 'p', members: [clerk], choose: () => 'clerk', until: until.maxTurns(1), ...o }),
    ],
  ],
  handoff: [['maxHandoff', 'maxHandoffs', (o: object) => troupe.handoff({ name: 'p', members: [clerk], ...o })]],
  mapReduce: [
    [
      'concurency',
      'concurrency',
      (o: object) => troupe.mapReduce({ name: 'p', split: () => [], map: clerk, reduce: () => '', ...o } as never),
    ],
  ],
  debate: [['round', 'rounds', (o: object) => troupe.debate({ name: 'p', debaters: [clerk], judge: clerk, ...o })]],
  supervisorTeam: [
    [
      'worker',
      'workers',
      (o: object) => troupe.supervisorTeam({ name: 'p', supervisor: clerk, workers: [clerk], ...o }),
    ],
  ],
  orchestrator: [['rotaton', 'rotation', (o: object) => troupe.orchestrator({ name: 'o', members: [clerk], ...o })]],
  'guardrails.timeout': [['requireExplict', 'requireExplicit', (o: object) => guardrails.timeout({ max: '1m', ...o })]],
  'guardrails.budget': [['step', 'steps', (o: object) => guardrails.budget({ usd: 1, ...o })]],
  'guardrails.rateLimit': [['token', 'tokens', (o: object) => guardrails.rateLimit({ tasks: 1, per: '1m', ...o })]],
  'guardrails.cancellation': [['limt', 'limit', (o: object) => guardrails.cancellation(o)]],
  'guardrails.input': [['limt', 'limit', (o: object) => guardrails.input(['a'], o)]],
  'guardrails.output': [['steam', 'stream', (o: object) => guardrails.output(['a'], o)]],
  'guardrails.tool': [['alow', 'allow', (o: object) => guardrails.tool(o)]],
  'guardrails.schema': [['ouput', 'output', (o: object) => guardrails.schema({ input: z.string(), ...o })]],
  'guardrails.guardrail': [
    ['evry', 'every', (o: object) => guardrails.guardrail({ name: 'g', pre: () => true, ...o })],
  ],
  'routers.role': [['falback', 'fallback', (o: object) => routers.role(o)]],
  'routers.sticky': [['kye', 'key', (o: object) => routers.sticky(o)]],
  'routers.selector': [['instrctions', 'instructions', (o: object) => routers.selector({ model: 'a:b', ...o })]],
  machine: [['signal', 'signals', (o: object) => machine(chart, o)]],
  effect: [['idempotnt', 'idempotent', (o: object) => troupe.effect(async () => null, o)]],
  run: [
    ['deadlin', 'deadline', (o: object) => troupe.run(clerk, 'x', { db: 'memory', ...o })],
    ['retyr', 'retry', (o: object) => troupe.run.stream(clerk, 'x', { db: 'memory', ...o }).next()],
  ],
  openRuntime: [
    ['observer', 'observers', (o: object) => troupe.openRuntime({ db: 'memory', ...o })],
    ['modles', 'models', (o: object) => troupe.openRuntime({ db: 'memory', gateway: o })],
    ['backof', 'backoff', (o: object) => troupe.openRuntime({ db: 'memory', gateway: { retry: o } })],
    ['tennant', 'tenant', (o: object) => troupe.openRuntime({ nats: { servers: 'nats://127.0.0.1:1', ...o } })],
    ['deadlin', 'deadline', async (o: object) => (await runtime()).start(clerk, 'x', o)],
  ],
  cluster: [['evn', 'env', (o: object) => troupe.cluster('nats://127.0.0.1:1', o)]],
  node: [['wieght', 'weight', (o: object) => troupe.node([clerk], o)]],
  scriptedModel: [['ids', 'id', (o: object) => testing.scriptedModel([], o)]],
  scriptedTool: [['efect', 'effect', (o: object) => testing.scriptedTool({ name: 't', ...o }, [])]],
  testRuntime: [['sed', 'seed', (o: object) => testing.testRuntime(o)]],
  virtualClock: [['sed', 'seed', (o: object) => testing.virtualClock(o)]],
  paths: [['sample', 'samples', (o: object) => testing.paths(chart, { input: null, ...o })]],
  walkStates: [['limt', 'limit', (o: object) => testing.walkStates(chart, { input: null, events: [], ...o })]],
  crashEverywhere: [['sampel', 'sample', (o: object) => testing.crashEverywhere(scenario as never, o)]],
  simulate: [['sedes', 'seeds', (o: object) => testing.simulate(scenario as never, o)]],
  cassette: [['redcat', 'redact', (o: object) => testing.cassette('x.json', o)]],
  exportRun: [['redcat', 'redact', (o: object) => testing.exportRun(memory(), 'r', o)]],
  check: [['maxState', 'maxStates', (o: object) => checking.check(clerk, o)]],
};

/** Public functions without options: what they take is data, checked in other ways. */
const withoutOptions = [
  'TroupeError',
  'after',
  'all',
  'cassetteText',
  'compareVersions',
  'configure',
  'control',
  'coverage',
  'estimateTokens',
  'done',
  'expectSurvival',
  'failed',
  'guarded',
  'healthSummary',
  'monitorOf',
  'offlineModel',
  'parseCassette',
  'play',
  'readCassette',
  'replayed',
  'samplesOf',
  'story',
  'routers.direct',
  'routers.roundRobin',
  'routers.firstAvailable',
  'routers.leastBusy',
  'routers.broadcast',
  'until.maxTurns',
  'until.textMentions',
  'until.tokenBudget',
  'until.timeout',
  'until.handedOff',
];

const functionsOf = (module: object): string[] =>
  Object.entries(module).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'function'
      ? [name]
      : ['guardrails', 'routers', 'until'].includes(name)
        ? Object.keys(value as object).map((inner) => `${name}.${inner}`)
        : [],
  );

test('every public function is in one of the two lists', () => {
  const all = [troupe, testing, checking].flatMap(functionsOf).sort();
  expect([...new Set([...Object.keys(calls), ...withoutOptions])].sort()).toEqual([...new Set(all)]);
});

describe.each(Object.entries(calls))('%s', (_, wrong) => {
  test.each(wrong)('"%s" is refused; "%s" was meant', async (given, meant, call) => {
    const refused = await Promise.resolve()
      .then(() => call({ [given]: undefined } as never))
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    expect(refused).toMatchObject({
      kind: 'definition',
      message: expect.stringContaining(`has no option "${given}"; did you mean "${meant}"?`) as string,
    });
  });
});
