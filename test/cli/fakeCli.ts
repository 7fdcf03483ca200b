/** A command's world made of paper: what is asked is answered from a list, what is said is kept. */
import type { Inspection, Observer } from '../../src/contracts/inspection.ts';
import type { Json } from '../../src/values/json.ts';
import type { Cli } from '../../src/cli/cli.ts';
import type { Runtime, Ticket } from '../../src/runtime/runtime.ts';
import { virtualClock } from '../../src/testing/clock.ts';
import { paper } from '../observe/inspections.ts';

export interface PaperCli extends Cli {
  readonly said: () => string;
  readonly printed: () => string;
  readonly questions: string[];
}

/** `answers` is what the person types; when it is used up, the input has ended. */
export function paperCli(over: Partial<Cli> & { answers?: (string | (() => string | undefined))[] } = {}): PaperCli {
  const [out, err] = [paper(), paper()];
  const { answers = [], ...rest } = over;
  const questions: string[] = [];
  return {
    env: {},
    cwd: '/',
    out,
    err,
    isInteractive: true,
    clock: virtualClock(),
    open: () => Promise.reject(new Error('no runtime')),
    readAll: () => Promise.resolve(''),
    ask(question) {
      questions.push(question);
      const next = answers.shift();
      return Promise.resolve(typeof next === 'function' ? next() : next);
    },
    onInterrupt: () => ({ [Symbol.dispose]() {} }),
    exitNow() {},
    said: err.text,
    printed: out.text,
    questions,
    ...rest,
  };
}

/** Takes answers, and refuses those that `refuse` throws for. */
export function paperRuntime(refuse: (answer: Json) => void = () => {}) {
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
  return { runtime, answers, tell: (event: Inspection) => observers.forEach((observer) => observer(event)) };
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
