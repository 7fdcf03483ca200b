/** Who sits at this machine, for the record of who answered. */
import { userInfo } from 'node:os';

export function whoami(): string {
  try {
    return userInfo().username || 'somebody';
  } catch {
    return 'somebody'; // A container's user may have no name.
  }
}
