/** The methods of a journal that are written to the log. Their names are stored. */

/** The methods that change it, except `claim`, which needs an answer about another process first. */
export const loggedMethods = [
  'commit',
  'commitAll',
  'record',
  'bury',
  'settle',
  'renew',
  'release',
  'post',
  'dropMail',
  'prune',
] as const;
/** A method of a journal that is written to the log. */
export type LoggedMethod = (typeof loggedMethods)[number] | 'claim';
