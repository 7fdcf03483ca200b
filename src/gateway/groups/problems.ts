/** What is wrong in a gateway file, with its places: all of it goes into one error. */
import type { FilePlace, GatewayFileDefinition } from '../../contracts/workflow/gatewayFile.ts';
import { TroupeError } from '../../values/failure.ts';
import { nearestName } from '../../values/options.ts';

/** Something in the file that cannot be used. */
export interface GatewayFileProblem extends Partial<FilePlace> {
  readonly says: string;
}

/** A sentence for a name that was mistyped; empty when none is near. */
export const didYouMeanName = (name: string, names: readonly string[]): string => {
  const near = nearestName(name, names);
  return near === undefined ? '' : ` Did you mean "${near}"?`;
};

/** The place alone. */
export const filePlace = ({ line, column }: FilePlace): FilePlace => ({
  line,
  ...(column === undefined ? {} : { column }),
});

const anyTemplate = /\{\{(.*?)\}\}/g;

/** Templates of variables that are not declared, or of anything else. */
export function reportUndeclared(file: GatewayFileDefinition, problems: GatewayFileProblem[]): void {
  const declared = file.env.map(({ name }) => name);
  const places = [
    ...file.providers.map((provider) => ({ ...provider, texts: Object.values(provider.config) })),
    ...file.groups.map((group) => ({ ...group, texts: group.models })),
  ];
  for (const place of places)
    for (const text of place.texts)
      for (const [whole, inner = ''] of text.matchAll(anyTemplate)) {
        const [, name] = /^\s*env\.([A-Za-z_]\w*)\s*$/.exec(inner) ?? [];
        if (name === undefined)
          problems.push({
            ...filePlace(place),
            says: `the template ${whole} cannot be read: only {{ env.NAME }} is allowed here.`,
          });
        else if (!declared.includes(name))
          problems.push({
            ...filePlace(place),
            says: `{{ env.${name} }} is not declared under env.${didYouMeanName(name, declared) || ` Add it: - name: ${name}`}`,
          });
      }
}

/** Names that are given twice. */
export function reportRepeated(
  what: string,
  entries: readonly (FilePlace & { readonly name: string })[],
  problems: GatewayFileProblem[],
) {
  const first = new Map<string, number>();
  for (const entry of entries) {
    const line = first.get(entry.name);
    if (line !== undefined)
      problems.push({ ...filePlace(entry), says: `there is already a ${what} "${entry.name}" on line ${line}.` });
    else first.set(entry.name, entry.line);
  }
}

/** One error for all of them. */
export function problemReport(file: string, problems: readonly GatewayFileProblem[]): TroupeError {
  const lines = problems.map(({ line, column = 1, says }) =>
    line === undefined ? `${file}: ${says}` : `${file}:${line}:${column}: ${says}`,
  );
  return new TroupeError('definition', `The gateway cannot be opened.\n${lines.join('\n')}`, {
    data: {
      problems: problems.map(({ line, column = 1, says }) => ({
        file,
        message: says,
        ...(line === undefined ? {} : { line, column }),
      })),
    },
  });
}
