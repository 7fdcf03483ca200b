/** What a check may claim. Never that something is correct: only what was looked for, within which limits, and what was left open. */
import type { CheckFaults } from './faults.ts';
import { faultNames, faultWords } from './faults.ts';
import { findingKinds, type Bound, type Merged, type Finding, type FindingKind } from './report.ts';

const absent: Readonly<Record<FindingKind, string>> = {
  deadlock: 'no deadlock',
  livelock: 'no livelock',
  unhandled: 'no message that nobody handles',
  unanswered: 'no ask that is never answered',
  hang: 'no hang when a message is lost',
  expiry: 'no question that can expire without a way on',
  unreachable: 'no state that is not reached',
  broken: 'no step that throws',
};

/** What the claims are made from. */
export interface ProofFacts {
  /** Worlds that were reached. */
  readonly states: number;
  /** How often each fault was allowed. */
  readonly faults: CheckFaults;
  /** The same, with 0 for a fault that changed nothing anywhere. */
  readonly tried: CheckFaults;
  /** The limit at which it stopped; undefined when everything was explored. */
  readonly bound: Bound | undefined;
  /** Situations that were not told apart. */
  readonly merged: Merged;
  /** Ranges of which only some numbers were tried, in words. */
  readonly partial: readonly string[];
  /** Texts that were tried where any may come and something is decided by one, in quotes. */
  readonly partialTexts: readonly string[];
  /** Loops that ended when they were followed. */
  readonly apparent: number;
  /** Is it looked for states that are not reached? */
  readonly looksForStates: boolean;
  /** What was found. */
  readonly findings: readonly Finding[];
}

/** What is proved within the limits, and what is not. */
export function claimsOf({
  states,
  faults,
  tried,
  bound,
  merged,
  partial,
  partialTexts,
  apparent,
  findings,
  looksForStates,
}: ProofFacts): {
  proved: string[];
  unproven: string[];
} {
  const found = new Set(findings.map(({ kind }) => kind));
  const count = states.toLocaleString('en');
  if (bound) {
    const before = found.size === 0 ? 'none showed anything wrong' : 'see the findings';
    return {
      proved: [],
      unproven: [
        `everything beyond the bound: ${boundWords(bound)}. Of the ${count} states before it, ${before}.`,
        ...notToldApart(merged),
        ...untriedNumbers(partial),
        ...untriedTexts(partialTexts),
      ],
    };
  }
  const isWrong = [...found].some((kind) => kind !== 'unreachable');
  const open: Partial<Record<FindingKind, string>> = {
    ...(tried.drop === 0
      ? {
          hang: `whether it hangs when a message is lost: none was${faults.drop === 0 ? ' (faults.drop is 0)' : ''}`,
        }
      : {}),
    ...(apparent > 0 && !found.has('livelock')
      ? {
          livelock:
            'whether it can go round for ever: every round that was followed ended, but not all could be told apart',
        }
      : {}),
    ...(looksForStates && isWrong ? { unreachable: 'whether every state is reached: mend the findings first' } : {}),
  };
  return {
    proved: findingKinds
      .filter((kind) => !found.has(kind) && !(kind in open) && (looksForStates || kind !== 'unreachable'))
      .map((kind) => `${absent[kind]} ${faultWords(tried)}, ${count} states${mergedWords(merged)}`),
    unproven: [
      ...Object.values(open),
      ...notToldApart(merged),
      ...untriedNumbers(partial),
      ...untriedTexts(partialTexts),
      ...untried(faults, tried),
    ],
  };
}

const situations = (count: number) => `${count.toLocaleString('en')} situation${count === 1 ? '' : 's'}`;

const mergedWords = ({ large, vague }: Merged): string =>
  large + vague === 0 ? '' : ` (${situations(large + vague)} taken for one of them)`;

function notToldApart({ large, vague, upTo }: Merged): string[] {
  const words = (what: string, count: number) =>
    `what depends on ${what}: ${situations(count)} that differ only in these were taken for one that was explored. Name what decides: check(…, { context: { … } })`;
  return [
    ...(large > 0 ? [words(`numbers above ${upTo.toLocaleString('en')}, or on longer lists`, large)] : []),
    ...(vague > 0 ? [words('long texts, fractions, or values nested more than four deep', vague)] : []),
  ];
}

const untriedNumbers = (partial: readonly string[]): string[] =>
  partial.length === 0
    ? []
    : [
        `what depends on other numbers than those that were tried (${partial.join('; ')}): they are the ends of the range and the neighbours of the constants that could be read in guards. Give samples: check(…, { samples: { … } })`,
      ];

const untriedTexts = (texts: readonly string[]): string[] =>
  texts.length === 0
    ? []
    : [
        `what depends on other texts than those that were tried (${texts.join(', ')}): they are one of each length and those that could be read in guards. Give samples: check(…, { samples: { … } })`,
      ];

const untried = (faults: CheckFaults, tried: CheckFaults): string[] => {
  const names = faultNames.filter((name) => name !== 'drop' && faults[name] > 0 && tried[name] === 0);
  return names.length === 0
    ? []
    : [`what ${names.join(' and ')} would do: there is nothing in it that this could change, so it was not tried`];
};

/** A limit in words: `it stopped at 50,000 states; …`. */
export function boundWords({ what, at, grows }: Bound): string {
  const amount =
    what === 'time' ? `${at} ms` : `${at.toLocaleString('en')} ${what === 'depth' ? 'events in a row' : 'states'}`;
  const cause = grows === undefined ? '' : `; what grows is ${grows}`;
  return `it stopped at ${amount}${cause}`;
}
