/** Laws that hold for every machine of this project. */
import { describe, expect, test } from 'vitest';
import { StateMachine } from 'xstate';
import { getStateNodes } from 'xstate/graph';
import { walkStates } from 'troupe/testing';
import * as machines from '../../machines/index.ts';
import { nodesOf as activeNodes } from '../../src/testing/nodes.ts';
import { cases, type Case } from './case.ts';

const sides = cases.map((each) => {
  const { machine, input, events, key } = each;
  return { ...each, walked: walkStates(machine, { input, events, key }) };
});
const nodesOf = ({ machine }: Case) => getStateNodes(machine);

test('every machine of this project has a case for these laws', () => {
  const ours = Object.values(machines).flatMap((each) => (each instanceof StateMachine ? [each.id] : []));
  expect(ours.filter((id) => !cases.some(({ machine }) => machine.id === id))).toEqual([]);
  expect(ours.length).toBeGreaterThan(3);
});

test.each([...new Set(cases.map(({ name }) => name))])('%s visits every state', (name) => {
  const of = sides.filter((side) => side.name === name);
  const seen = new Set(of.flatMap(({ walked }) => [...walked.visited].map(({ id }) => id)));
  const known = new Set(
    sides
      .filter((side) => side.name === of[0]!.variantOf)
      .flatMap(nodesOf)
      .map(({ id }) => id),
  );
  const missed = nodesOf(of[0]!).filter(({ type, id }) => type !== 'history' && !seen.has(id) && !known.has(id));
  expect(missed.map(({ id }) => id)).toEqual([]);
});

describe.each(sides.map((each) => [`${each.name}${each.side ? `, ${each.side}` : ''}`, each] as const))(
  '%s',
  (_, each) => {
    const { machine, walked } = each;
    const nodes = nodesOf(each);

    test('is explored completely', () => {
      expect(walked.complete, 'the walk was cut off: let `key` keep less, or lower the limits of the case').toBe(true);
    });

    test('can reach a final state from every state', () => {
      const { situations } = walked;
      const ending = new Set(
        [...situations].filter(([, { snapshot }]) => snapshot.status === 'done').map(([id]) => id),
      );
      const back = new Map<string, string[]>();
      for (const [id, { next }] of situations) for (const to of next) back.set(to, [...(back.get(to) ?? []), id]);
      const queue = [...ending];
      for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
        for (const before of back.get(id) ?? []) {
          if (ending.has(before)) continue;
          ending.add(before);
          queue.push(before);
        }
      }
      const stuck = [...situations].filter(([id]) => !ending.has(id));
      expect(stuck.slice(0, 3).map(([id, { path }]) => ({ id, path: path.map(({ type }) => type) }))).toEqual([]);
    });

    if (!each.service)
      test('has an effect or a timer in every state in which it waits', () => {
        const resting = [...walked.situations.values()].filter(({ snapshot }) => snapshot.status === 'active');
        const waiting = resting.filter(({ snapshot }) => {
          return (
            Object.keys(snapshot.children).length === 0 &&
            !activeNodes(snapshot).some(({ after }) => after.length > 0) &&
            each.hasTimer?.(snapshot.context as never) !== true
          );
        });
        expect(waiting.slice(0, 3).map(({ snapshot }) => snapshot.value)).toEqual([]);
      });

    test('handles every failure of what it invokes', () => {
      const silent = nodes.flatMap((node) =>
        node.invoke
          .filter(({ id }) => !node.transitions.has(`xstate.error.actor.${id}`))
          .map(({ id }) => `${node.id} ${id}`),
      );
      expect(silent).toEqual([]);
    });

    test('uses only delays, guards, actions and actors that it declares', () => {
      const { actions, actors, delays, guards } = machine.implementations;
      const name = (x: unknown) => (typeof x === 'string' ? x : (x as { type?: string } | undefined)?.type);
      const used = nodes.flatMap((node) => [
        ...node.after.map(({ delay }) => ['delay', delays, typeof delay === 'string' ? delay : undefined] as const),
        ...node.invoke.map(({ src }) => ['actor', actors, name(src)] as const),
        ...[...node.transitions.values(), node.always ?? []]
          .flat()
          .flatMap((transition) => [
            ['guard', guards, name(transition.guard)] as const,
            ...transition.actions.map((action) => ['action', actions, name(action)] as const),
          ]),
        ...[...node.entry, ...node.exit].map((action) => ['action', actions, name(action)] as const),
      ]);
      const unknown = used.filter(
        ([, known, each_]) => each_ !== undefined && !each_.startsWith('xstate.') && !(each_ in known),
      );
      expect(unknown.map(([kind, , each_]) => `${kind} ${each_}`)).toEqual([]);
    });

    test('stops an endless loop of transitions', () => {
      expect(machine.options?.maxIterations).toBeLessThanOrEqual(1000);
    });
  },
);
