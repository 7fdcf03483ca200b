/** Opens a server that will not go by itself, says who it is, and leaves without a word. */
import { testScope } from '../../src/testing/suites/scope.ts';
import { openPeer } from './open.ts';

const source = openPeer('stubborn');
console.log(JSON.stringify(await source.call('pids', {}, testScope())));
process.exit(0);
