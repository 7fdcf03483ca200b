/** Agents from a JSON file: profiles and entries of a registry, with the path of every error. */
import { expect, test } from 'vitest';
import { readProfiles } from '../../src/formats/profiles.ts';

const coder = { id: 'coder', name: 'Coder', role: 'coder', system_prompt: 'Write code.', max_steps: 4 };
const registered = {
  id: 'Analyst_1',
  'agent-type': 'DataAnalyst',
  name: 'Ana',
  description: 'Looks at figures.',
  model_provider: 'openai',
  model: 'gpt-5',
  max_steps: 6,
  can_call_tools: true,
  capabilities: [{ name: 'sql', level: 'Expert', description: 'asks databases' }],
  temperature: 0.2,
  enabled: true,
};

test('profiles and entries of a registry become agents, in their order', () => {
  expect(readProfiles([coder, { id: 'b', name: 'Bob', role: 'tester' }, registered])).toEqual({
    profiles: [
      { id: 'coder', name: 'Coder', role: 'coder', instructions: 'Write code.', maxSteps: 4 },
      { id: 'b', name: 'Bob', role: 'tester', instructions: 'You are Bob. Your role: tester.' },
      {
        id: 'Analyst_1',
        name: 'Ana',
        role: 'DataAnalyst',
        instructions: 'You are Ana. Looks at figures.\nWhat you can do:\nsql (Expert): asks databases',
        maxSteps: 6,
        model: 'openai:gpt-5',
        temperature: 0.2,
      },
    ],
    disabled: [],
    errors: [],
  });
});

test('an agent that is not enabled is left out, and at least one must be enabled', () => {
  const off = { ...registered, enabled: false };
  expect(readProfiles([coder, off])).toMatchObject({ profiles: [{ id: 'coder' }], disabled: ['Analyst_1'] });
  expect(readProfiles([off]).errors).toEqual([
    { path: [], message: 'expected one agent or more that is enabled; none is' },
  ]);
});

test.each([
  [
    'a value that is not a list',
    { agents: [] },
    [],
    'expected a list of one agent or more, came an object with the keys agents',
  ],
  ['an empty list', [], [], 'expected a list of one agent or more, came an array of 0'],
  ['a missing role', [{ id: 'a', name: 'A' }], [0], '"role" is missing'],
  [
    'an id with a space',
    [{ ...coder, id: 'a b' }],
    [0, 'id'],
    expect.stringContaining(
      '"id": expected an id of letters, digits, "_" and "-" that begins with a letter or digit',
    ) as string,
  ],
  ['an empty name', [{ ...coder, name: ' ' }], [0, 'name'], '"name": expected a text that is not empty'],
  [
    'no steps',
    [{ ...coder, max_steps: 0 }],
    [0, 'max_steps'],
    '"max_steps": expected a whole number above 0, came number 0',
  ],
  [
    'half a step',
    [{ ...coder, max_steps: 1.5 }],
    [0, 'max_steps'],
    '"max_steps": expected a whole number above 0, came number 1.5',
  ],
  ['a misspelt field', [{ ...coder, prompt: 'x' }], [0, 'prompt'], '"prompt" is not known; check how it is written'],
  [
    'a temperature above 2',
    [{ ...registered, temperature: 3 }],
    [0, 'temperature'],
    '"temperature": expected 0 to 2, came number 3',
  ],
  [
    'an unknown type',
    [{ ...registered, 'agent-type': 'Chef' }],
    [0, 'agent-type'],
    '"agent-type": expected GeneralAssistant, CodeReviewer, DataAnalyst, Researcher, Custom',
  ],
  [
    'one id twice',
    [coder, { ...coder }],
    [1, 'id'],
    '"id": "coder" is taken by agent 1 of the list; give each its own',
  ],
  [
    'one address twice',
    [coder, { ...coder, id: 'Coder' }],
    [1, 'id'],
    '"id": "Coder" is taken by agent 1 of the list; give each its own',
  ],
  [
    'an entry that is not an object',
    ['coder'],
    [0],
    'expected an agent such as { "id": …, "name": …, "role": … }, came a string of 5 characters',
  ],
])('%s is refused with its path', (_, list, path, message) => {
  expect(readProfiles(list)).toMatchObject({ errors: [{ path, message }] });
});

test('all errors in a list are reported at once', () => {
  const { errors } = readProfiles([
    { id: '', role: 'x' },
    { ...registered, model: '', temperature: -1, max_steps: 'six' },
    coder,
    coder,
  ]);
  expect(errors.map(({ path }) => path.join('.'))).toEqual([
    '0.id',
    '0',
    '1.model',
    '1.max_steps',
    '1.temperature',
    '3.id',
  ]);
});
