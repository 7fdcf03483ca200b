/** Says of which writes nobody knows whether they happened. */
import { escapeControls, truncateText } from '../../observe/format.ts';
import type { UnsettledWrite } from '../../runtime/runtime.ts';

/** So many characters of the arguments are shown. */
const shown = 200;

/** A line for a write that may or may not have happened. */
export function unsettledText(write: UnsettledWrite): string {
  const what =
    'tool' in write
      ? `${write.tool} ${truncateText(JSON.stringify(write.input), shown)}`
      : `the checkpoint "${write.checkpoint}" with the key "${write.key}"`;
  return escapeControls(`Not settled: ${what} may or may not have happened. Look whether it did.`);
}
