/**
 * Matchers for stories and runs: `expect(story).toRestIn('review.waiting')`.
 * A mismatch shows where the machine is, the path it took, and the event that led away from what was expected.
 */
import type { MatcherState } from 'vitest';
import { TroupeError } from '../../values/failure.ts';
import { describeValue } from '../../values/explain.ts';
import { everyNode } from '../../core/machineShape.ts';
import { appendedEntries, startedActors, type Played } from '../play.ts';
import { stateValueText, isInState, pathText } from './path.ts';
import { endStateOf, isPlayed, type EndState } from './endState.ts';

interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

/** For `expect.extend(matchers)`; importing `troupe/testing/vitest` does that. */
export const matchers = {
  toRestIn(this: MatcherState, received: unknown, state: string): Verdict {
    const played = requirePlayed(received, 'toRestIn');
    const { value, machine } = played.snapshot;
    requireState(played, state);
    const pass = isInState(value, state);
    const left = played.path.findLastIndex(({ values }) => values.some((before) => isInState(before, state)));
    const at = left < 0 ? undefined : played.path.findIndex(({ values }, step) => step > left && values.length > 0);
    const mark = { at: at === -1 || at === undefined ? left : at, says: `led away from "${state}"` };
    return {
      pass,
      message: () =>
        [
          `expected "${machine.id}" ${pass ? 'not ' : ''}to rest in "${state}"; it rests in "${stateValueText(value)}"${left < 0 ? ', and was never there' : ''}`,
          pathText(played, pass || left < 0 ? undefined : mark),
        ].join('\n'),
    };
  },

  toHaveRequested(this: MatcherState, received: unknown, name: string, ...input: readonly [unknown?]): Verdict {
    const played = requirePlayed(received, 'toHaveRequested');
    const requested = [
      ...startedActors(played).map(({ src, input: given }) => ({ name: src, given })),
      ...played.actions
        .filter(({ type }) => !type.startsWith('xstate.'))
        .map(({ type, params }) => ({ name: type, given: params })),
    ];
    const same = requested.filter(({ name: requestedName }) => requestedName === name).map(({ given }) => given);
    const names = [...new Set(requested.map((request) => request.name))].join(', ') || 'nothing';
    return found(this, played, `requested "${name}"`, same, input, `it requested: ${names}`);
  },

  toHaveAppended(this: MatcherState, received: unknown, list: string, ...entry: readonly [unknown?]): Verdict {
    const played = requirePlayed(received, 'toHaveAppended');
    return found(
      this,
      played,
      `appended to the list "${list}"`,
      appendedEntries<unknown>(played, list),
      entry,
      'it appended nothing to that list',
    );
  },

  toHaveEnded(this: MatcherState, received: unknown, ...expected: readonly [object?]): Verdict | Promise<Verdict> {
    const verdict = (end: EndState): Verdict => {
      const pass =
        end.ended &&
        (expected.length === 0 ||
          this.equals(end.facts, expected[0], [this.utils.iterableEquality, this.utils.subsetEquality]));
      const difference = expected.length === 0 ? undefined : this.utils.diff(expected[0], end.facts, { expand: false });
      return {
        pass,
        message: () =>
          [
            `expected ${end.who} ${pass ? 'not ' : ''}to have ended${expected.length === 0 ? '' : ` as ${this.utils.stringify(expected[0])}`}; ${end.says}`,
            ...(pass || !difference ? [] : [difference]),
            ...(end.played ? [pathText(end.played)] : []),
          ].join('\n'),
      };
    };
    const end = endStateOf(received);
    return end instanceof Promise ? end.then(verdict) : verdict(end);
  },
};

/** The verdict on several actions or entries of one name. The last of them is shown beside the expected one; which is nearest is not guessed. */
function found(
  state: MatcherState,
  played: Played,
  what: string,
  all: readonly unknown[],
  expected: readonly [unknown?],
  otherwise: string,
): Verdict {
  const pass = expected.length === 0 ? all.length > 0 : all.some((one) => state.equals(one, expected[0]));
  const who = `"${played.snapshot.machine.id}"`;
  return {
    pass,
    message: () =>
      [
        `expected ${who} ${pass ? 'not ' : ''}to have ${what}${expected.length === 0 ? '' : ` with ${state.utils.stringify(expected[0])}`}${all.length === 0 ? `; ${otherwise}` : ''}`,
        ...(pass || all.length === 0
          ? []
          : [
              `${all.length === 1 ? 'It did so once' : `It did so ${all.length} times; the last time`}:`,
              state.utils.diff(expected[0], all.at(-1), { expand: false }) ?? '',
            ]),
        pathText(played),
      ].join('\n'),
  };
}

function requirePlayed(value: unknown, matcher: string): Played {
  if (isPlayed(value)) return value;
  throw new TroupeError(
    'invalid',
    `${matcher} looks at a story: expect(story(machine, input).done('fetch')).${matcher}(…); got ${describeValue(value)}.`,
  );
}

/** Throws `invalid` for a state that the machine does not have: `not.toRestIn` would always be true. */
function requireState({ snapshot: { machine } }: Played, state: string): void {
  const ids = everyNode(machine.root).map(({ path }) => `.${path.join('.')}.`);
  if (ids.some((id) => id.includes(`.${state}.`))) return;
  const known = ids.map((id) => id.slice(1, -1)).filter((id) => id !== '');
  throw new TroupeError('invalid', `"${machine.id}" has no state "${state}"; it has ${known.join(', ')}.`);
}
