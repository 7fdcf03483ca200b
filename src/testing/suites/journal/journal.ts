/** The contract of a journal as tests: J1 to J7, as the interface numbers them. Every implementation runs this suite. */
import { describe } from 'vitest';
import { commitTests } from './commits.ts';
import { damageTests } from './damage.ts';
import { endedTests } from './ended.ts';
import type { JournalCase } from './fixtures.ts';
import { leaseTests } from './leases.ts';
import { messageTests } from './messages.ts';
import { queryTests } from './queries.ts';
import { retentionTests } from './retention.ts';
import { valueTests } from './values.ts';

export type { JournalCase } from './fixtures.ts';

/**
 * Describes the tests that every journal must pass, ours and yours. Call it in a test file.
 * @example journalSuite('my journal', { open: async () => myJournal(await freshDatabase()), again: async (journal) => myJournal(journal.database) });
 */
export function journalSuite(name: string, subject: JournalCase) {
  describe(`${name} keeps the journal contract`, () => {
    commitTests(subject);
    messageTests(subject);
    leaseTests(subject);
    queryTests(subject);
    endedTests(subject);
    valueTests(subject);
    retentionTests(subject);
    damageTests(subject);
  });
}
