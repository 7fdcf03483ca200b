/** Workflows in a world where anything can go wrong: they end, and nothing is lost or performed twice. */
import { expect, test } from 'vitest';
import { simulate, type SimulationScenario } from 'troupe/testing';
import { seedsOf } from '../../dose.ts';
import type { ModelAnswer, ModelRequest } from '../../../src/contracts/model.ts';
import { everyKind, storyModel } from './story.ts';
import { calling, definitionOf, lastOf, runnable, says } from './world.ts';

const { seeds, timeout } = seedsOf(15, 1_000);

/** Whoever is outside answers at once: time passes where the simulation lets it. */
const { subject } = runnable(everyKind, { model: storyModel });
const scenario = (): SimulationScenario => ({
  subject,
  input: { topic: 'tea' },
  answer: ({ question }) => (question.startsWith('May') ? { approved: true } : { right: true }),
});

test.each([
  ['of one process after the other', false],
  ['that many processes share', true],
])(
  'on a journal %s, a workflow with every kind of step ends whatever goes wrong, and nothing is lost or performed twice',
  async (_, shared) => {
    const { failures, faults } = await simulate(scenario, { seeds, ...(shared ? { shared } : {}) });
    expect(failures).toEqual([]);
    // Which of them happen in a few seeds is chance; that several do is not.
    expect(Object.values(faults).filter((times) => times > 0).length, JSON.stringify(faults)).toBeGreaterThan(2);
  },
  timeout,
);

const desk = (...tools: readonly string[]) =>
  `servers: [{name: desk, path: ../servers/desk.server.yaml, access: {allowlist: [${tools.join(', ')}]}}]`;

/** An editor that calls three finders in one turn. Each of them pays, which a person must agree to. */
const withSubAgents = await definitionOf({
  'workflows/w.workflow.yaml': 'pipeline: [{id: edit, agent: ../agents/editor.agent.yaml}]\n',
  'servers/desk.server.yaml': 'name: desk\nurl: http://desk/mcp\n',
  'agents/editor.agent.yaml': `name: editor\nmodel: standard\nsub_agents: [finder.agent.yaml]\nprompt: {system: You edit., user: edit}\noutput: {schema: {type: object}}\n${desk('pay')}\n`,
  'agents/finder.agent.yaml': `name: finder\ndescription: Finds.\nparams: {schema: {type: object, required: [topic], properties: {topic: {type: string}}}}\nprompt: {system: You find., user: "find {{ params.topic }}"}\noutput: {schema: {type: object}}\n${desk('{name: pay, require_approval: {on_reject: recover}}')}\n`,
});

/** As the story's: by the conversation alone. */
function subAgentModel(request: ModelRequest): ModelAnswer {
  const isAnswered = request.messages.some(({ role }) => role === 'tool');
  if (request.instructions.startsWith('You find.'))
    return isAnswered ? says({ fact: lastOf(request) }) : calling(['pay', { for: lastOf(request) }]);
  return isAnswered ? says({ done: true }) : calling(...['a', 'b', 'c'].map((topic) => ['finder', { topic }] as const));
}

const subAgents = runnable(withSubAgents, { model: subAgentModel });

test.each([
  ['of one process after the other', false],
  ['that many processes share', true],
])(
  'on a journal %s, sub-agents that work at once end whatever goes wrong, and nothing is lost or performed twice',
  async (_, shared) => {
    const { failures } = await simulate(
      (): SimulationScenario => ({ subject: subAgents.subject, input: {}, answer: () => ({ approved: true }) }),
      { seeds, ...(shared ? { shared } : {}) },
    );
    expect(failures).toEqual([]);
  },
  timeout,
);
