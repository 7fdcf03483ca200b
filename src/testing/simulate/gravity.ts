/** Which of several problems of a run is the gravest, and when two runs have the same problem. */

/** Something that is wrong with a run. */
export interface Problem {
  /** The promise or the oracle that was broken, `invariant`, or `standstill`. */
  readonly source: string;
  readonly says: string;
}

/** From the grave to the light. What is not named here is graver than all of it: work done twice, messages lost, copies that differ. */
const lighter = [
  'invariant',
  'standstill',
  'untold',
  'terminal',
  'inOrder',
  'paired',
  'conserved',
  'balanced',
  'punctual',
];

const lightness = ({ source }: Problem): number => lighter.indexOf(source);

/** What was done twice or lost, then the user's invariants in their own order, then what stands still, then order, accounts and time. */
export const gravestFirst = (problems: readonly Problem[]): Problem[] =>
  problems.toSorted((one, other) => lightness(one) - lightness(other));

/** What is the same of a problem in every run that has it: its words without numbers, ids and keys. */
export const problemKey = (says: string): string => says.replace(/[\w-]*\d[\w-]*/g, '#');
