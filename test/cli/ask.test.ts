/** A person at the terminal is asked what a ticket asks. */
import { expect, test } from 'vitest';
import { promptForTicket } from '../../src/cli/prompt.ts';
import { TroupeError } from '../../src/values/failure.ts';
import { escapeControls } from '../../src/observe/format.ts';
import { commit } from '../observe/inspections.ts';
import { approval, paperCli, paperRuntime } from './fakeCli.ts';

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
  const { runtime, answers } = paperRuntime();
  await promptForTicket(paperCli({ answers: [typed] }), runtime, approval(), never);
  expect(answers).toEqual([{ ticket: 'wait/r1.call-0', answer }]);
});

test('the exact call is shown, and nothing in it can hide or move text', async () => {
  const cli = paperCli({ answers: ['n'] });
  const subject = { tool: 'mail\u001b[8m', input: { to: 'a\u202e\u200bb', '\u0007': '\ud800' }, hash: 'h' };
  await promptForTicket(cli, paperRuntime().runtime, approval({ subject }), never);
  expect(cli.said()).toContain('mail\\u001b[8m {');
  expect(cli.said()).toContain('"to": "a\\u202e\\u200bb"');
  expect(cli.said().split('\n').map(escapeControls).join('\n')).toBe(cli.said());
  expect(cli.questions).toEqual(['Approve? [y/N] ']);
});

test('the ticket stays open when the input ends without an answer', async () => {
  const { runtime, answers } = paperRuntime();
  await promptForTicket(paperCli(), runtime, approval(), never);
  expect(answers).toEqual([]);
});

test('an answer that does not fit the schema is asked for again, with the reason', async () => {
  const { runtime, answers } = paperRuntime((answer) => {
    if (answer === 'Berlin') throw new TroupeError('invalid', 'city: expected an object');
  });
  const cli = paperCli({ answers: ['Berlin', '{"city":"Berlin"}'] });
  await promptForTicket(cli, runtime, approval({ schema: { type: 'object' } }), never);
  expect(cli.said()).toContain('city: expected an object');
  expect(answers).toEqual([{ ticket: 'wait/r1.call-0', answer: { city: 'Berlin' } }]);
});

test('a ticket that was answered elsewhere first is reported, and the run continues', async () => {
  const cli = paperCli({ answers: ['y'] });
  const { runtime } = paperRuntime(() => {
    throw new TroupeError('conflict', 'used up');
  });
  await promptForTicket(cli, runtime, approval(), never);
  expect(cli.said()).toContain('answered elsewhere');
});

test('a question is withdrawn when the ticket is answered elsewhere', async () => {
  const { runtime, answers, tell } = paperRuntime();
  const answeredMeanwhile = () => {
    tell(commit({ actor: 'wait/r1.call-0', status: 'done' }));
    return undefined;
  };
  const cli = paperCli({ answers: [answeredMeanwhile] });
  await promptForTicket(cli, runtime, approval(), never);
  expect(cli.said()).toContain('answered elsewhere');
  expect(answers).toEqual([]);
});
