/** What was probably meant by the signs and words of other languages that JMESPath does not have: it is told with what is wrong. */

/** Text in single quotes, double quotes or backticks. */
const quotedParts = /'(?:\\.|[^'\\])*(?:'|$)|"(?:\\.|[^"\\])*(?:"|$)|`(?:\\.|[^`\\])*(?:`|$)/gs;

const words: Readonly<Record<string, string>> = { and: '&&', or: '||', not: '!' };

/** How an expression that cannot be read is written here; undefined when that is not known. */
export function meantBySyntax(expression: string): string | undefined {
  const bare = expression.replace(quotedParts, "''");
  if (/={3}|!==|(?<![=!<>])=(?!=)/.test(bare)) return 'Two values are compared with "=="';
  const [, word = ''] = /(?:^|[\s(])(and|or|not)(?=[\s(])/i.exec(bare) ?? [];
  if (word !== '') return `Write "${words[word.toLowerCase()] ?? ''}" for "${word}"`;
  const [, number] = /(?:^|[=<>(,&|:]\s*)(-?\d+(?:\.\d+)?)/.exec(bare) ?? [];
  return number === undefined ? undefined : `A number is written in backticks: \`${number}\``;
}

/** How a name that stands for nothing is written when it is a value; undefined when it is none. */
export function meantByName(name: string, expression: string): string | undefined {
  if (name === 'true' || name === 'false') return `Write \`${name}\` in backticks`;
  return expression.includes(`"${name}"`) ? `A text is written '${name}', in single quotes` : undefined;
}
