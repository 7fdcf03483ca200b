/** The suite of the client, in the process that has the runs beside it, and over HTTP. */
import { clientSuite } from './suite.ts';
import { besideIt, inProcess, overHttp } from './worlds.ts';

clientSuite('in the process that has the runs', inProcess);
clientSuite('of another process', besideIt);
clientSuite('over HTTP', overHttp);
