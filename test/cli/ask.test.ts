/** The question of a ticket at a terminal. */
import { expect, test } from 'vitest';
import { promptForTicket } from '../../src/cli/prompt.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { escapeControls } from '../../src/observe/format.ts';
import { commit } from '../observe/inspections.ts';
import { approval, fakeCli, fakeRuntime } from './fakeCli.ts';

const never = new AbortController().signal;

test.each([
  ['y', { approved: true }],
  ['Yes', { approved: true }],
  ['', { approved: false }],
  ['n', { approved: false }],
  ['no, the wrong Ada', { approved: false, note: 'the wrong Ada' }],
  ['yesterday', { approved: false, note: 'yesterday' }],
  ['ok', { approved: false, note: 'ok' }],
])('"%s" is %j: only a clear yes approves', async (typed, answer) => {
  const { runtime, answers } = fakeRuntime();
  await promptForTicket(fakeCli({ answers: [typed] }), runtime, approval(), never);
  expect(answers).toEqual([{ ticket: 'wait/r1.call-0', answer }]);
});

const happened = {
  type: 'object',
  properties: { happened: { type: 'boolean' }, note: { type: 'string' } },
  required: ['happened'],
};
test.each([
  [['yes'], true],
  [[' Y '], true],
  [['no'], false],
  [['', 'I think so', 'n'], false],
])('whether a write happened is asked until the answer is clear: %j is %j', async (typed, answer) => {
  const { runtime, answers } = fakeRuntime();
  const cli = fakeCli({ answers: [...typed] });
  await promptForTicket(cli, runtime, approval({ schema: happened }), never);
  expect(answers).toEqual([{ ticket: 'wait/r1.call-0', answer: { happened: answer } }]);
  expect(cli.questions).toEqual(typed.map(() => 'Did it happen? [yes/no] '));
});

test('the exact call is shown, and nothing in it can hide or move text', async () => {
  const cli = fakeCli({ answers: ['n'] });
  const subject = { tool: 'mail\u001b[8m', input: { to: 'a\u202e\u200bb', '\u0007': '\ud800' }, hash: 'h' };
  await promptForTicket(cli, fakeRuntime().runtime, approval({ subject }), never);
  expect(cli.errorText()).toContain('mail\\u001b[8m {');
  expect(cli.errorText()).toContain('"to": "a\\u202e\\u200bb"');
  expect(cli.errorText().split('\n').map(escapeControls).join('\n')).toBe(cli.errorText());
  expect(cli.questions).toEqual(['Approve? [y/N] ']);
});

test('the ticket stays open when the input ends without an answer', async () => {
  const { runtime, answers } = fakeRuntime();
  await promptForTicket(fakeCli(), runtime, approval(), never);
  expect(answers).toEqual([]);
});

test('an answer that does not fit the schema is asked for again, with the reason', async () => {
  const { runtime, answers } = fakeRuntime((answer) => {
    if (answer === 'Berlin') throw new TroupeError('invalid', 'city: expected an object');
  });
  const cli = fakeCli({ answers: ['Berlin', '{"city":"Berlin"}'] });
  await promptForTicket(cli, runtime, approval({ schema: { type: 'object' } }), never);
  expect(cli.errorText()).toContain('city: expected an object');
  expect(answers).toEqual([{ ticket: 'wait/r1.call-0', answer: { city: 'Berlin' } }]);
});

test('a ticket that was answered elsewhere first is reported, and the run continues', async () => {
  const cli = fakeCli({ answers: ['y'] });
  const { runtime } = fakeRuntime(() => {
    throw new TroupeError('conflict', 'used up');
  });
  await promptForTicket(cli, runtime, approval(), never);
  expect(cli.errorText()).toContain('answered elsewhere');
});

test('a question is withdrawn when the ticket is answered elsewhere', async () => {
  const { runtime, answers, emit } = fakeRuntime();
  const answeredMeanwhile = () => {
    emit(commit({ actor: 'wait/r1.call-0', status: 'done' }));
    return undefined;
  };
  const cli = fakeCli({ answers: [answeredMeanwhile] });
  await promptForTicket(cli, runtime, approval(), never);
  expect(cli.errorText()).toContain('answered elsewhere');
  expect(answers).toEqual([]);
});
