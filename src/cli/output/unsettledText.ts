/** Says of which writes nobody knows whether they happened. */
import { escapeControls, truncateText } from '../../observe/format.ts';
import type { UnsettledWrite } from '../../runtime/runtime.ts';

/** So many characters of the arguments are shown. */
const shown = 200;

/** A line for a write that may or may not have happened. */
export function unsettledText({ tool, input }: UnsettledWrite): string {
  return escapeControls(
    `Not settled: ${tool} ${truncateText(JSON.stringify(input), shown)} may or may not have happened. Look whether it did.`,
  );
}
