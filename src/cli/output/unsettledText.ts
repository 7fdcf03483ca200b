/** Says of which writes nobody knows whether they happened. */
import { escapeControls } from '../../observe/format.ts';
import type { UnsettledWrite } from '../../runtime/runtime.ts';

/** So many characters of the arguments are shown. */
const shown = 200;

/** A line for a write that may or may not have happened. */
export function unsettledText({ tool, input }: UnsettledWrite): string {
  const given = JSON.stringify(input);
  const short = given.length > shown ? `${[...given].slice(0, shown).join('')}…` : given;
  return escapeControls(`Not settled: ${tool} ${short} may or may not have happened. Look whether it did.`);
}
