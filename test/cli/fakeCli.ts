/** A fake process for a command: questions are answered from a list, and output is kept. */
import type { Inspection, Observer } from '../../src/contracts/inspection.ts';
import type { Json } from '../../src/values/json.ts';
import type { Cli } from '../../src/cli/cli.ts';
import { secretsInEnv } from '../../src/observe/envSecrets.ts';
import { secretMask } from '../../src/observe/secretMask.ts';
import type { Runtime, Ticket } from '../../src/runtime/runtime.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { textStream } from '../observe/inspections.ts';

export interface FakeCli extends Cli {
  readonly errorText: () => string;
  readonly outputText: () => string;
  readonly questions: string[];
}

/** `answers` are the lines that the person types; after the last one the input has ended. */
export function fakeCli(over: Partial<Cli> & { answers?: (string | (() => string | undefined))[] } = {}): FakeCli {
  const [out, err] = [textStream(), textStream()];
  const { answers = [], ...rest } = over;
  const questions: string[] = [];
  return {
    env: {},
    cwd: '/',
    out,
    err,
    isInteractive: true,
    clock: virtualClock(),
    mask: secretMask(secretsInEnv(rest.env ?? {})),
    open: () => Promise.reject(new Error('no runtime')),
    readAll: () => Promise.resolve(''),
    ask(question) {
      questions.push(question);
      const next = answers.shift();
      return Promise.resolve(typeof next === 'function' ? next() : next);
    },
    onInterrupt: () => ({ [Symbol.dispose]() {} }),
    exitNow() {},
    errorText: err.text,
    outputText: out.text,
    questions,
    ...rest,
  };
}

/** A runtime that records answers, and refuses those for which `refuse` throws. */
export function fakeRuntime(refuse: (answer: Json) => void = () => {}) {
  const answers: { ticket: string; answer: Json }[] = [];
  const observers = new Set<Observer>();
  const runtime = {
    async answer(ticket: string, answer: Json) {
      refuse(answer);
      answers.push({ ticket, answer });
    },
    observe(observer: Observer) {
      observers.add(observer);
      return { [Symbol.dispose]: () => void observers.delete(observer) };
    },
  } as unknown as Runtime;
  return { runtime, answers, emit: (event: Inspection) => observers.forEach((observer) => observer(event)) };
}

export const approval = (over: Partial<Ticket> = {}): Ticket => ({
  id: 'wait/r1.call-0',
  run: 'r1',
  question: 'May mail be called with these arguments?',
  subject: { tool: 'mail', input: { to: 'ada@example.org' }, hash: 'h' },
  schema: { type: 'object', properties: { approved: { type: 'boolean' } }, required: ['approved'] },
  since: 0,
  deadline: 86_400_000,
  answered: false,
  ...over,
});
