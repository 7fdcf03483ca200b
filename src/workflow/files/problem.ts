/** What is wrong in a file, and where: the one shape in which everything that reads workflow files reports. */
import { TroupeError } from '../../values/failure.ts';

/** Something that is wrong in a file. */
export interface FileProblem {
  /** The absolute path of the file. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Keys and indexes from the top of the file, such as `pipeline[2].webhook.url`; empty for the file as a whole. */
  readonly path: string;
  /** What was expected, what came, and what to do. */
  readonly message: string;
  readonly severity: 'error' | 'warning';
  /** It fails the step that it is in when that step is reached; the workflow can be run all the same. Absent when it cannot. */
  readonly deferred?: true;
  /** It concerns the workflow as a whole, although it is written at one of its steps. Absent when it concerns the step only. */
  readonly whole?: true;
}

/** A path of keys and indexes, as people write it. */
export const problemPath = (path: readonly PropertyKey[]): string =>
  path.map((part, at) => (typeof part === 'number' ? `[${part}]` : `${at > 0 ? '.' : ''}${String(part)}`)).join('');

/** `file:line:column: message (at path)`. */
export const problemText = ({ file, line, column, path, message, severity }: FileProblem): string =>
  `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${message}${path === '' ? '' : ` (at ${path})`}`;

/** Whether a workflow with these problems cannot be run. */
export const cannotRun = (problems: readonly FileProblem[]): boolean =>
  problems.some(({ severity, deferred }) => severity === 'error' && deferred !== true);

/** One error for all problems, of kind `definition`; its `data.problems` holds them. */
export const refusal = (what: string, problems: readonly FileProblem[]): TroupeError => {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const lines = errors.slice(0, 20).map((problem) => `\n  ${problemText(problem)}`);
  const more = errors.length > 20 ? `\n  and ${errors.length - 20} more` : '';
  return new TroupeError('definition', `${what} cannot be run:${lines.join('')}${more}`, {
    data: { problems: errors.slice(0, 100).map((problem) => ({ ...problem })) },
  });
};

/** By file, then by place, each once. */
export function sortedProblems(problems: readonly FileProblem[]): FileProblem[] {
  const each = new Map(problems.map((problem) => [`${problemText(problem)} ${problem.severity}`, problem]));
  return [...each.values()].toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  );
}
