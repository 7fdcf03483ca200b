import type { Case } from '../case.ts';
import { toolCallMachine } from '../../../machines/toolCall/toolCall.ts';
import { done, failed } from '../../../src/testing/play.ts';
import { fault, used } from '../effectResults.ts';

const approval = (approved: boolean) => done('approval', { status: 'answered', answer: { approved }, by: 'ada' });
const testimony = (happened: boolean) => done('testimony', { status: 'answered', answer: { happened }, by: 'ada' });
const call = { id: 'c', name: 'send', input: {}, hash: 'h', effect: 'write', idempotent: false, belt: false };

const sides = [
  { side: 'with approval', ask: true, effect: 'write' },
  { side: 'without approval', ask: false, effect: 'write' },
  { side: 'of a read', ask: true, effect: 'read' },
];

const ended = { status: 'completed', answer: { type: 'text', body: 'facts' }, evidence: [], usage: used };
const delegate = { type: 'task', body: 'tea', left: {}, depth: 1, who: { kind: 'agent' } };
const delegated = (side: string, depth: number): Case => ({
  name: 'toolCall',
  side,
  machine: toolCallMachine,
  input: { call, ask: depth === 1, patience: 1_000, delegate: { ...delegate, depth } },
  events: [
    approval(true),
    { type: 'call.interrupt' },
    { type: 'call.pause' },
    { type: 'call.resume' },
    { type: 'call.cancel', reason: 'enough' },
    done('delegate', ended),
    done('delegate', { status: 'cancelled', reason: 'over', usage: used }),
    failed('delegate', fault('restarts')),
  ],
  key: () => null,
});

const plain: readonly Case[] = sides.map(({ side, ask, effect }) => ({
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

export const cases: readonly Case[] = [
  ...plain,
  delegated('of a delegate', 1),
  delegated('of a delegate nested too deeply', 9),
];
