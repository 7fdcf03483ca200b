/** The places of a workflow where templates and expressions can stand. */

/**
 * What a text means depends on where it stands.
 * `param`: a parameter. `{{ expr }}` alone keeps its type, mixed text is text, any other text is itself.
 * `header`: the same, but always text. `text`: a prompt or a question: always text, and without the older spellings such as `env:NAME`.
 * `body`, `input`, `output`: a field of a webhook's body, of `input`, of `output.map`: as `param`, and an expression without braces when it begins with a known name.
 * `url`: text; what is interpolated is percent-encoded.
 * `condition`, `list`: an expression; the braces around it may be left out.
 */
export type Position = 'param' | 'header' | 'text' | 'body' | 'input' | 'output' | 'url' | 'condition' | 'list';

/** The positions where an expression may stand without braces, beside text. */
export const mayBeBare = (position: Position): boolean =>
  position === 'body' || position === 'input' || position === 'output';
/** The positions whose fields are left out when their expression gives null. */
export const leavesNullOut = (position: Position): boolean => position === 'body' || position === 'output';
/** The positions that are an expression, with or without braces. */
export const isBare = (position: Position): boolean => position === 'condition' || position === 'list';
/** The positions whose value is always text. */
export const isText = (position: Position): boolean =>
  position === 'text' || position === 'header' || position === 'url';
