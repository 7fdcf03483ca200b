import type { Case } from '../case.ts';
import { toolCallMachine } from '../../../machines/toolCall.ts';
import { done, failed } from '../../../src/testing/play.ts';
import { fault } from '../said.ts';

const approval = (approved: boolean) => done('approval', { status: 'answered', answer: { approved }, by: 'ada' });
const testimony = (happened: boolean) => done('testimony', { status: 'answered', answer: { happened }, by: 'ada' });
const call = { id: 'c', name: 'send', input: {}, hash: 'h', effect: 'write', idempotent: false, belt: false };

const sides = [
  { side: 'with approval', ask: true, effect: 'write' },
  { side: 'without approval', ask: false, effect: 'write' },
  { side: 'of a read', ask: true, effect: 'read' },
];

export const cases: readonly Case[] = sides.map(({ side, ask, effect }) => ({
  name: 'toolCall',
  side,
  machine: toolCallMachine,
  input: { call: { ...call, effect }, ask, patience: 1_000 },
  events: [
    { type: 'call.interrupt' },
    approval(true),
    approval(false),
    done('approval', { status: 'expired', answer: { approved: false } }),
    done('approval', { status: 'aborted', reason: 'over', by: 'ada' }),
    failed('approval'),
    done('tool', { content: 'sent' }),
    failed('tool', fault('tool')),
    failed('tool', fault('uncertain')),
    done('reconcile', { done: true, content: 'sent' }),
    done('reconcile', { done: false }),
    done('reconcile', {}),
    failed('reconcile'),
    testimony(true),
    testimony(false),
    done('testimony', { status: 'expired' }),
    failed('testimony'),
  ],
  key: ({ attempts }: { attempts: number }) => attempts,
}));
