/** The name of the user, for the record of who answered a question. */
import { userInfo } from 'node:os';

/** The user name of this process; `somebody` if it has none. */
export function userName(): string {
  try {
    return userInfo().username || 'somebody';
  } catch {
    return 'somebody'; // A container's user may have no name.
  }
}
