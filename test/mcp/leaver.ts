/** Opens a server that ignores the end of its input, prints its process id, and exits without closing it. */
import { testScope } from '../../src/testing/suites/scope.ts';
import { openPeer } from './open.ts';

const source = openPeer('stubborn');
console.log(JSON.stringify(await source.call('pids', {}, testScope())));
process.exit(0);
