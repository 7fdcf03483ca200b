/**
 * Every numbered promise, and the tests that show it. Data only: `requirements.test.ts` compares it with the sources and with the tests.
 * A promise stands in the header of the file that keeps it, after its number; here it stands in the same words.
 */

/** A test that shows a promise. */
export interface Evidence {
  /** The path of the test file, or of the contract suite, from the root of the project. */
  readonly file: string;
  /** The title of the test as it is written, or a beginning that no other title of the file has. */
  readonly name: string;
}

/** A numbered promise. */
export interface Requirement {
  /** Its number: the prefix of its list, and its place in it. */
  readonly id: string;
  /** The promise, word for word as in its source. */
  readonly says: string;
  /** The path of the file whose header makes the promise, from the root of the project. */
  readonly where: string;
  /** The tests that fail when the promise is broken; at least one. */
  readonly tests: readonly Evidence[];
}

export const requirements: readonly Requirement[] = [
  {
    id: 'E1',
    says: 'A message changes the state of an actor at most once.',
    where: 'src/engine/host.ts',
    tests: [
      { file: 'test/engine/onlyOnce.test.ts', name: 'the same message delivered twice counts once' },
      { file: 'test/engine/onlyOnce.test.ts', name: 'the same message delivered again after a crash counts once' },
      {
        file: 'test/engine/onlyOnce.test.ts',
        name: 'another message with a used id is a conflict, and changes nothing',
      },
      { file: 'test/engine/onlyOnce.test.ts', name: 'a run started twice at once is one run' },
      { file: 'test/engine/mutants.test.ts', name: 'the crash test finds: %s' },
      {
        file: 'test/testing/crash.test.ts',
        name: '$name, $how, has the same result after a crash before and after every commit, message, result and acknowledgement',
      },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'whatever goes wrong, %s ends, and nothing is lost or performed twice',
      },
      {
        file: 'test/testing/simulateShared.test.ts',
        name: 'whatever goes wrong with the shared store, %s ends, nothing is lost or performed twice, and all processes read the same',
      },
      { file: 'test/chaos/chaos.test.ts', name: 'a process that is %s loses nothing and performs nothing twice' },
    ],
  },
  {
    id: 'E2',
    says: 'Nothing happens outside the engine before the commit that requests it is stored. What was committed happens at least once, always under the same key.',
    where: 'src/engine/host.ts',
    tests: [
      { file: 'test/engine/ledger.test.ts', name: 'an effect starts after the commit that contains it' },
      {
        file: 'test/engine/ledger.test.ts',
        name: 'a read that a crash interrupted is repeated under the same key, marked as a repetition',
      },
      {
        file: 'test/engine/ledger.test.ts',
        name: 'an effect that fails with a transient failure is retried under the same key, is told so, and the machine gets no event',
      },
      {
        file: 'test/engine/storage.test.ts',
        name: 'no effect starts while the journal is unavailable, and the run continues once it is back',
      },
      {
        file: 'test/engine/recovery.test.ts',
        name: 'the last messages of an actor that has ended are delivered after a crash: to its parent, and to other actors',
      },
      { file: 'test/engine/mutants.test.ts', name: 'the crash test finds: %s' },
      {
        file: 'test/testing/crash.test.ts',
        name: '$name, $how, has the same result after a crash before and after every commit, message, result and acknowledgement',
      },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'whatever goes wrong, %s ends, and nothing is lost or performed twice',
      },
      { file: 'test/chaos/chaos.test.ts', name: 'a process that is %s loses nothing and performs nothing twice' },
    ],
  },
  {
    id: 'E3',
    says: 'The result of an effect, and a timer, are accepted only while their key is pending.',
    where: 'src/engine/host.ts',
    tests: [
      {
        file: 'test/engine/ledger.test.ts',
        name: 'the late result of a stopped effect is not taken for the result of the next one',
      },
      {
        file: 'test/engine/timers.test.ts',
        name: 'a timer that was cancelled by its id does not fire, also when it was started before a crash',
      },
      {
        file: 'test/engine/timers.test.ts',
        name: 'leaving the state cancels the timer; entering it again starts a new one',
      },
      { file: 'test/engine/children.test.ts', name: 'only the child itself can report that it has ended' },
      { file: 'test/engine/stale.test.ts', name: 'the crash test finds: no check for stale events' },
    ],
  },
  {
    id: 'E4',
    says: "Each actor has one writer: every commit carries the epoch of the run's lease and the next revision of the actor.",
    where: 'src/engine/host.ts',
    tests: [
      {
        file: 'test/engine/lease.test.ts',
        name: 'while one process owns a run, another one that resumes it is refused with the name of the owner',
      },
      {
        file: 'test/engine/lease.test.ts',
        name: 'a process that was frozen past its lease commits nothing, and starts no effect',
      },
      {
        file: 'test/engine/lease.test.ts',
        name: 'a process that was frozen between a commit and its effect renews its lease first, and starts nothing if it lost the run',
      },
      {
        file: 'test/engine/lease.test.ts',
        name: 'a timer of a process that was frozen past its lease does not fire twice',
      },
      { file: 'test/engine/mutants.test.ts', name: 'a process whose run was taken over performs no effect' },
      { file: 'test/engine/mutants.test.ts', name: 'the test of a frozen process finds: no fencing' },
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'a process that stood still is fenced: none of its commits is applied, and it claims again under a new name',
      },
      { file: 'test/testing/simulateShared.test.ts', name: 'found: %s' },
      {
        file: 'test/testing/simulateShared.test.ts',
        name: 'whatever goes wrong with the shared store, %s ends, nothing is lost or performed twice, and all processes read the same',
      },
      { file: 'test/chaos/chaos.test.ts', name: 'a process that is %s loses nothing and performs nothing twice' },
    ],
  },
  {
    id: 'E5',
    says: 'If a process crashes at any point and the run is resumed, the run reaches the same final state with the same effects. An effect whose result is in the ledger is not performed again.',
    where: 'src/engine/host.ts',
    tests: [
      {
        file: 'test/engine/ledger.test.ts',
        name: 'an effect whose result is in the ledger is not performed again after a crash',
      },
      {
        file: 'test/engine/ledger.test.ts',
        name: 'a result that makes the machine throw is kept in the ledger, and survives a crash at that moment',
      },
      {
        file: 'test/engine/recovery.test.ts',
        name: 'a child that was committed and not started yet is started on recovery, and gets the message of the same commit',
      },
      {
        file: 'test/engine/recovery.test.ts',
        name: 'a child whose stop was committed just before a crash is stopped on recovery, with its own children',
      },
      { file: 'test/engine/mutants.test.ts', name: 'the crash test finds: %s' },
      {
        file: 'test/testing/crash.test.ts',
        name: '$name, $how, has the same result after a crash before and after every commit, message, result and acknowledgement',
      },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'whatever goes wrong, %s ends, and nothing is lost or performed twice',
      },
      {
        file: 'test/define/presets/proofs.test.ts',
        name: 'survives a crash at any of a sample of points (in CI at all of them, or sixty)',
      },
      { file: 'test/define/orchestrator/everything.test.ts', name: '%s: it survives a crash at every point' },
      {
        file: 'test/cluster/failover.test.ts',
        name: 'when the owner of a run is killed, a process that waits for its result continues it without repeating stored results',
      },
      {
        file: 'test/stored/stored.test.ts',
        name: 'is read as it was written, goes on to the same end, and repeats no effect that has a result',
      },
      { file: 'test/chaos/chaos.test.ts', name: 'a process that is %s loses nothing and performs nothing twice' },
    ],
  },
  {
    id: 'E6',
    says: 'The cost of a commit does not grow with the length of the history.',
    where: 'src/engine/host.ts',
    tests: [
      {
        file: 'test/engine/cost.test.ts',
        name: 'the thousandth message is one commit of the size of the hundredth, and reads no history',
      },
      {
        file: 'test/actors/engine.test.ts',
        name: 'the size of a commit within a turn does not grow with the results of its tools',
      },
      {
        file: 'test/machines/agent/execution.test.ts',
        name: 'a finished turn leaves no results or children in the snapshot',
      },
      {
        file: 'test/define/presets/scale.test.ts',
        name: 'a map-reduce keeps only as many workers active as its concurrency, and its own state does not grow with the items',
      },
      {
        file: 'test/define/presets/scale.test.ts',
        name: 'an orchestration keeps only as many attempts active as its concurrency, its own state does not grow with the tasks, and every member gets the same number',
      },
    ],
  },
  {
    id: 'E7',
    says: 'A write that may have happened is repeated only if it is idempotent, or once it is known that it did not happen.',
    where: 'src/engine/host.ts',
    tests: [
      {
        file: 'test/engine/ledger.test.ts',
        name: 'an uncertain write is not repeated: the machine gets an error of kind "uncertain"',
      },
      {
        file: 'test/engine/ledger.test.ts',
        name: 'a write that is not idempotent is never retried automatically',
      },
      {
        file: 'test/engine/ledger.test.ts',
        name: 'an idempotent write that a crash interrupted is repeated under the same key',
      },
      {
        file: 'test/engine/blindRepeat.test.ts',
        name: 'the crash test finds: an uncertain write that is repeated',
      },
      {
        file: 'test/machines/toolCall.test.ts',
        name: 'an uncertain write is reconciled, never repeated blindly',
      },
      {
        file: 'test/testing/crash.test.ts',
        name: 'a write that is not idempotent is performed at most once, and is otherwise reported as uncertain',
      },
      {
        file: 'test/mcp/writes.test.ts',
        name: 'a write whose endless answer was cut off is uncertain, with a key or without',
      },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'whatever goes wrong, %s ends, and nothing is lost or performed twice',
      },
      { file: 'test/chaos/chaos.test.ts', name: 'a process that is %s loses nothing and performs nothing twice' },
    ],
  },
  {
    id: 'E8',
    says: 'The limits of microsteps, restarts and mailboxes are finite by default.',
    where: 'src/engine/host.ts',
    tests: [
      {
        file: 'test/engine/cost.test.ts',
        name: 'a mailbox without a limit of its own takes 1,000 messages, and refuses one more',
      },
      {
        file: 'test/engine/cost.test.ts',
        name: 'a child whose parent sets no limit is restarted three times a minute, and then fails',
      },
      {
        file: 'test/engine/throwingMachines.test.ts',
        name: 'a machine whose transitions form an endless loop is stopped with an error',
      },
      {
        file: 'test/engine/throwingMachines.test.ts',
        name: 'a machine that raises its own event endlessly is stopped',
      },
      {
        file: 'test/engine/supervision.test.ts',
        name: 'a child that fails more often than the limit allows stays failed, and its parent gets the error',
      },
      { file: 'test/engine/mailbox.test.ts', name: 'an invalid mailbox limit is refused' },
    ],
  },
  {
    id: 'E9',
    says: 'A deadline is a point in time. Children and effects inherit it, and can only get an earlier one. It is judged before what comes after it, also when nobody ran the actor at that time.',
    where: 'src/engine/host.ts',
    tests: [
      {
        file: 'test/engine/overdue.test.ts',
        name: 'a run whose deadline passed ends as expired, whatever was said to it later',
      },
      { file: 'test/engine/overdue.test.ts', name: 'takes what was due before what reaches it when it goes on' },
      {
        file: 'test/runtime/overdue.test.ts',
        name: 'an approval that is given after its deadline is refused as expired, and the call is not made',
      },
      {
        file: 'test/engine/deadlines.test.ts',
        name: 'children and effects inherit the deadline, unchanged by a crash',
      },
      {
        file: 'test/engine/deadlines.test.ts',
        name: 'a message that comes after its deadline is refused, and changes nothing',
      },
      { file: 'test/engine/deadlines.test.ts', name: 'a message whose deadline passes while it waits is not handled' },
      { file: 'test/engine/deadlines.test.ts', name: 'an effect does not wait past the deadline to retry' },
      { file: 'test/runtime/deadlines.test.ts', name: 'the model call of a member inherits the deadline of %s' },
      {
        file: 'test/runtime/deadlines.test.ts',
        name: 'a ticket expires no later than the deadline of the agent that opened it',
      },
      {
        file: 'test/runtime/run.test.ts',
        name: 'an agent, a team and a machine end at the deadline, whatever they are doing',
      },
    ],
  },
  {
    id: 'E10',
    says: 'Mailboxes are bounded. No message is lost silently: its sender gets the reason, or the message is stored as a dead letter with the reason.',
    where: 'src/engine/host.ts',
    tests: [
      {
        file: 'test/engine/mailbox.test.ts',
        name: 'reject: a message to a full mailbox is refused with a retryable error',
      },
      {
        file: 'test/engine/mailbox.test.ts',
        name: 'drop-oldest: the newest messages are handled, and the senders of the dropped ones get an error that is not retryable',
      },
      { file: 'test/engine/mailbox.test.ts', name: 'block: every message is handled, in the order of arrival' },
      {
        file: 'test/engine/deadLetters.test.ts',
        name: 'a message to an unknown actor is kept by the root of the run, and is not sent again after a crash',
      },
      {
        file: 'test/engine/deadLetters.test.ts',
        name: 'a crash right %s a dead letter is stored loses nothing, and stores it once',
      },
      {
        file: 'test/engine/deadLetters.test.ts',
        name: 'while the journal cannot be written, the dead letter waits; then it is stored once',
      },
      {
        file: 'test/engine/children.test.ts',
        name: 'a message for a child that has ended becomes a dead letter',
      },
      { file: 'test/engine/throwingMachines.test.ts', name: 'a throw in %s fails the message, not the actor' },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'whatever goes wrong, %s ends, and nothing is lost or performed twice',
      },
    ],
  },
  {
    id: 'E11',
    says: 'A snapshot names the machine that wrote it. Another machine uses it if it fits, migrates it, or leaves it unchanged.',
    where: 'src/engine/host.ts',
    tests: [
      { file: 'test/core/snapshot.test.ts', name: 'a version with more states uses the snapshot unchanged' },
      { file: 'test/core/snapshot.test.ts', name: '%s pins the run, and the message names it' },
      {
        file: 'test/core/snapshot.test.ts',
        name: 'a migration gets the stored snapshot and the hash of the machine that wrote it, and its result is checked',
      },
      {
        file: 'test/core/snapshot.test.ts',
        name: 'a child whose snapshot does not fit pins the whole run: no actor continues',
      },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'a process can restart with the next version of the definition, and the run continues',
      },
    ],
  },
  {
    id: 'E12',
    says: 'An actor type is refused when one of its guards, actions, effects or children has no name, or a name that is not declared.',
    where: 'src/engine/host.ts',
    tests: [
      { file: 'test/core/names.test.ts', name: '%s is refused' },
      {
        file: 'test/actors/effects.test.ts',
        name: 'the machines of an agent and a run have all their effects filled and declared',
      },
      { file: 'test/cli/check.test.ts', name: 'a machine with a guard that has no name is refused by name: code 2' },
      { file: 'test/machines/laws.test.ts', name: 'uses only delays, guards, actions and actors that it declares' },
    ],
  },
  {
    id: 'UN1',
    says: 'The steps of a unit are stored together or not at all. An actor that is busy, or not in memory, takes its message by itself afterwards.',
    where: 'src/engine/unit.ts',
    tests: [
      {
        file: 'test/engine/unit.test.ts',
        name: 'a result that ends a child, its parent that goes on, and the next child are one commit: %s',
      },
      { file: 'test/engine/unit.test.ts', name: 'while the journal is away all of it waits, and is stored once' },
      {
        file: 'src/testing/suites/journal/commits.ts',
        name: 'commits that belong together are stored all or none, in their order, one actor as often as it has steps',
      },
    ],
  },
  {
    id: 'UN2',
    says: 'Nothing that a step asks for happens before its unit is stored, except an eager effect, which changes nothing outside.',
    where: 'src/engine/unit.ts',
    tests: [
      {
        file: 'test/engine/unit.test.ts',
        name: 'nothing that a step of it asks for happens before all of it is stored',
      },
    ],
  },
  {
    id: 'UN3',
    says: 'When a unit is refused, every actor in it is as it was before.',
    where: 'src/engine/unit.ts',
    tests: [
      {
        file: 'test/engine/unit.test.ts',
        name: 'a message that was handled before changes none of the actors that it would reach',
      },
      {
        file: 'test/engine/unit.test.ts',
        name: 'what cannot be stored together is stored step by step: the refusal is that of one actor',
      },
    ],
  },
  {
    id: 'UN4',
    says: 'The result of an eager effect is a step of the unit when it comes within milliseconds. Otherwise it comes by itself, and the effect is performed once.',
    where: 'src/engine/unit.ts',
    tests: [
      {
        file: 'test/engine/eager.test.ts',
        name: 'its result is stored with the step that asks for it, and it reads what that step adds: %s',
      },
      {
        file: 'test/engine/eager.test.ts',
        name: 'one that takes longer keeps nothing waiting: its result comes by itself, and it is performed once',
      },
    ],
  },
  {
    id: 'J1',
    says: 'A commit is stored completely or not at all; so are commits that belong together (`commitAll`).',
    where: 'src/journal/journal.ts',
    tests: [
      {
        file: 'src/testing/suites/journal/commits.ts',
        name: 'a commit that does not follow the last one is refused, and leaves nothing behind',
      },
      {
        file: 'src/testing/suites/journal/commits.ts',
        name: 'of many commits asked for at once, one that is refused does not take the others along',
      },
      {
        file: 'src/testing/suites/journal/commits.ts',
        name: 'commits that belong together are stored all or none, in their order, one actor as often as it has steps',
      },
      {
        file: 'test/journal/sqlite/damage.test.ts',
        name: 'on a full disk refuses the commit, keeps earlier commits, and works again when there is space',
      },
      {
        file: 'test/journal/sqlite/kill.test.ts',
        name: 'kill -9 at twenty different moments loses no acknowledged commit, and every chain is intact',
      },
      { file: 'test/engine/mutants.test.ts', name: 'the crash test finds: %s' },
    ],
  },
  {
    id: 'J2',
    says: 'When `commit` resolves, the commit survives kill -9 of the process and, in `sqlite`, a power failure.',
    where: 'src/journal/journal.ts',
    tests: [
      { file: 'src/testing/suites/journal/commits.ts', name: 'another process finds all that was acknowledged' },
      {
        file: 'test/journal/sqlite/kill.test.ts',
        name: 'kill -9 at twenty different moments loses no acknowledged commit, and every chain is intact',
      },
      {
        file: 'test/chaos/chaos.test.ts',
        name: 'acknowledged commits survive a power cut, and would not without fsync',
      },
      {
        file: 'test/journal/shared/jetstream/killedServer.test.ts',
        name: 'when the server is killed in the middle of many commits, each is stored once when it is back',
      },
      { file: 'test/engine/mutants.test.ts', name: 'the crash test finds: %s' },
      { file: 'test/chaos/chaos.test.ts', name: 'a process that is %s loses nothing and performs nothing twice' },
    ],
  },
  {
    id: 'J3',
    says: "A run has one writer. A commit with an epoch older than the run's claim is rejected as `fenced`, one that is not the next revision as `conflict`, and one whose `inbox` id was handled before as `conflict` with `data.duplicate: true`. A rejected commit stores nothing.",
    where: 'src/journal/journal.ts',
    tests: [
      { file: 'src/testing/suites/journal/leases.ts', name: 'a former owner can write nothing' },
      {
        file: 'src/testing/suites/journal/commits.ts',
        name: 'a commit that does not follow the last one is refused, and leaves nothing behind',
      },
      {
        file: 'src/testing/suites/journal/messages.ts',
        name: 'a message is handled once, and what was answered to it can be asked for',
      },
      {
        file: 'src/testing/suites/journal/leases.ts',
        name: 'a run has one owner: another process gets it only when the claim has run out, or the owner is gone',
      },
      {
        file: 'test/journal/shared/ordering.test.ts',
        name: 'whatever goes wrong with the store, what was acknowledged is there once and in order, what was refused is not, and every run is found',
      },
      { file: 'test/testing/simulateShared.test.ts', name: 'found: %s' },
    ],
  },
  {
    id: 'J4',
    says: 'The commits of an actor form a hash chain. `load` checks the part that this process has not checked before, and rejects with `corrupt`, naming actor and seq.',
    where: 'src/journal/journal.ts',
    tests: [
      {
        file: 'test/journal/sqlite/damage.test.ts',
        name: 'a flipped bit never gives a wrong value: it is detected, or changes nothing',
      },
      { file: 'test/journal/sqlite/damage.test.ts', name: 'damage to one actor does not affect the others' },
      { file: 'test/journal/sqlite/damage.test.ts', name: 'finds damage to later commits' },
      { file: 'test/journal/sqlite/damage.test.ts', name: 'finds damage to %s' },
      { file: 'test/journal/sqlite/damage.test.ts', name: 'leaves older damage to verify() and to the next process' },
      { file: 'src/testing/suites/journal/damage.ts', name: 'a sound journal has no damage' },
      { file: 'test/chaos/chaos.test.ts', name: 'a process that is %s loses nothing and performs nothing twice' },
    ],
  },
  {
    id: 'J5',
    says: 'The cost of a commit does not depend on the number of commits before it (E6).',
    where: 'src/journal/journal.ts',
    tests: [
      {
        file: 'test/journal/sqlite/cost.test.ts',
        name: 'on %s the two hundredth commit executes the statements of the tenth, and none of them reads a whole table',
      },
      {
        file: 'test/engine/cost.test.ts',
        name: 'the thousandth message is one commit of the size of the hundredth, and reads no history',
      },
    ],
  },
  {
    id: 'J6',
    says: 'Commits are stored in the order in which they were submitted. Several may share one flush.',
    where: 'src/journal/journal.ts',
    tests: [
      {
        file: 'src/testing/suites/journal/commits.ts',
        name: 'commits that are submitted at once are stored in the order in which they were submitted',
      },
      {
        file: 'src/testing/suites/journal/queries.ts',
        name: 'a history tells what moved an actor, in order, and can be paged',
      },
      {
        file: 'test/journal/sqlite/sqlite.test.ts',
        name: 'a commit that cannot be stored is refused alone: the others of its group are stored',
      },
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'commits of one turn are one message, whatever their number and their runs',
      },
    ],
  },
  {
    id: 'J7',
    says: 'A value whose JSON is longer than 256 × 1,024 characters is stored once, under its hash, and read back unchanged. So is a long list of results that is part of several values.',
    where: 'src/journal/journal.ts',
    tests: [
      {
        file: 'test/journal/sqlite/cost.test.ts',
        name: 'on %s a long list of results is stored once, whatever values hold it',
      },
      { file: 'src/testing/suites/journal/values.ts', name: '%s comes back as it was, wherever it stands' },
      {
        file: 'src/testing/suites/journal/retention.ts',
        name: 'runs that ended long ago are forgotten, and nothing else',
      },
      {
        file: 'test/journal/sqlite/cost.test.ts',
        name: 'on %s a value is stored once, however often it is committed, from 256 × 1,024 characters on',
      },
    ],
  },
  {
    id: 'BS1',
    says: 'When `put` resolves, the content survives kill -9 of the process and, in files, a power failure. Nothing can be read of a content whose `put` was broken off.',
    where: 'src/blobs/blobStore.ts',
    tests: [
      { file: 'src/testing/suites/blobs.ts', name: 'another process reads what one has put, and knows who uses it' },
      {
        file: 'src/testing/suites/blobs.ts',
        name: 'a content whose stream breaks off rejects with what the stream threw, and nothing is stored',
      },
    ],
  },
  {
    id: 'BS2',
    says: 'The same content is stored once, however often and for however many runs it is put.',
    where: 'src/blobs/blobStore.ts',
    tests: [{ file: 'src/testing/suites/blobs.ts', name: 'the same content is stored once' }],
  },
  {
    id: 'BS3',
    says: 'Neither writing nor reading holds a content in memory, except in the store that is memory.',
    where: 'src/blobs/blobStore.ts',
    tests: [{ file: 'test/blobs/memoryUse.test.ts', name: 'a content of 200 MB is written and read in little memory' }],
  },
  {
    id: 'BS4',
    says: 'What is read is what was put. A content that was changed ends with `corrupt`, and one that is not there with `storage`.',
    where: 'src/blobs/blobStore.ts',
    tests: [
      { file: 'src/testing/suites/blobs.ts', name: 'a content is read as it was put, under its hash' },
      { file: 'src/testing/suites/blobs.ts', name: 'a content that was changed is corrupt' },
      { file: 'src/testing/suites/blobs.ts', name: 'what was never put is not there' },
    ],
  },
  {
    id: 'BS5',
    says: 'A content goes with the last run that uses it, and not before.',
    where: 'src/blobs/blobStore.ts',
    tests: [
      { file: 'src/testing/suites/blobs.ts', name: 'a content goes with the last run that uses it' },
      { file: 'src/testing/suites/blobs.ts', name: 'a run that puts a content while another one releases it keeps it' },
    ],
  },
  {
    id: 'T1',
    says: 'Messages from one sender to one recipient arrive in the order in which they were sent.',
    where: 'src/transport/transport.ts',
    tests: [
      { file: 'src/testing/suites/transport/order.ts', name: 'messages of one sender arrive in the order sent' },
      { file: 'src/testing/suites/transport/order.ts', name: 'two senders to one recipient each keep their own order' },
      {
        file: 'test/transport/nats/bundles.test.ts',
        name: 'messages to an actor that is in another process by now arrive there, in the order sent',
      },
      {
        file: 'test/transport/nats/bundles.test.ts',
        name: 'small and large messages to one actor keep their order, whichever way each of them travels',
      },
      {
        file: 'test/transport/nats/faults.test.ts',
        name: 'a body larger than the message limit goes through the object store, and no later message overtakes it',
      },
      {
        file: 'test/engine/lease.test.ts',
        name: 'messages of a run that was lost are left to its new owner, which sends them in order',
      },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'whatever goes wrong, %s ends, and nothing is lost or performed twice',
      },
      { file: 'test/testing/mutants.test.ts', name: '%s' },
    ],
  },
  {
    id: 'T2',
    says: "`send` resolves after the recipient's `receive` has resolved. By then the message is committed.",
    where: 'src/transport/transport.ts',
    tests: [
      {
        file: 'src/testing/suites/transport/answers.ts',
        name: 'a send is over when the recipient has taken the message, not before',
      },
      { file: 'test/engine/ask.test.ts', name: 'an ask is answered; a tell resolves when it is committed' },
      { file: 'test/engine/mutants.test.ts', name: 'the crash test finds: %s' },
      { file: 'test/testing/mutants.test.ts', name: '%s' },
    ],
  },
  {
    id: 'T3',
    says: 'A message arrives at least once. It may arrive again under the same id, so a recipient ignores ids that it has handled.',
    where: 'src/transport/transport.ts',
    tests: [
      {
        file: 'src/testing/suites/transport/answers.ts',
        name: 'a message that comes twice has the same id and body, so that a recipient who counts ids takes it once',
      },
      {
        file: 'test/transport/nats/faults.test.ts',
        name: 'a message whose recipient dies while handling it is sent again, to the new listener',
      },
      {
        file: 'test/transport/nats/bundles.test.ts',
        name: 'a message that its process does not acknowledge is sent again by the subject of its actor, and ends with the first answer',
      },
      {
        file: 'test/transport/nats/bundles.test.ts',
        name: 'messages to a process that is gone are sent to the one that has its actors now',
      },
      {
        file: 'test/transport/nats/faults.test.ts',
        name: 'after a server is lost and comes back, messages under way arrive, and the listener still receives',
      },
      { file: 'test/engine/onlyOnce.test.ts', name: 'the same message delivered twice counts once' },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'whatever goes wrong, %s ends, and nothing is lost or performed twice',
      },
    ],
  },
  {
    id: 'T4',
    says: '`send` rejects with a TroupeError: `unknown_recipient`, `mailbox_full`, `expired` (the deadline has passed), or the error that `receive` rejected with.',
    where: 'src/transport/transport.ts',
    tests: [
      { file: 'src/testing/suites/transport/addresses.ts', name: 'an address without a listener is refused by name' },
      {
        file: 'src/testing/suites/transport/answers.ts',
        name: 'a sender learns that the mailbox is full, and may send the same message again',
      },
      {
        file: 'src/testing/suites/transport/answers.ts',
        name: 'a message whose deadline has passed is refused and not delivered',
      },
      {
        file: 'src/testing/suites/transport/answers.ts',
        name: 'what the recipient refuses with reaches the sender: kind, message, data',
      },
    ],
  },
  {
    id: 'T5',
    says: 'The recipient gets the message as it was when `send` was called. Later changes by the sender are not seen.',
    where: 'src/transport/transport.ts',
    tests: [
      {
        file: 'src/testing/suites/transport/bodies.ts',
        name: 'what the sender does to a message afterwards is not seen, nor what the recipient does',
      },
    ],
  },
  {
    id: 'A1',
    says: 'Every task ends: each phase has a time limit, each kind of recovery a maximum count, and the task a deadline.',
    where: 'machines/agent/agent.ts',
    tests: [
      { file: 'test/machines/agent/invariants.test.ts', name: 'the task ends' },
      { file: 'test/machines/agent/invariants.test.ts', name: 'recoveries are bounded over the whole task' },
      { file: 'test/machines/agent/end.test.ts', name: 'of time ends the task in any state' },
      {
        file: 'test/machines/agent/recovery.test.ts',
        name: 'a phase that exceeds its time limit fails with a timeout',
      },
      {
        file: 'test/machines/agent/recovery.test.ts',
        name: 'a permanently failing model is called a bounded number of times',
      },
      { file: 'test/machines/laws.test.ts', name: 'can reach a final state from every state' },
      {
        file: 'test/testing/check.test.ts',
        name: 'is explored through its phases: answers, failures, approvals, a pause, a crash in the middle of a write',
      },
      {
        file: 'test/testing/crash.test.ts',
        name: '$name, $how, has the same result after a crash before and after every commit, message, result and acknowledgement',
      },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'whatever goes wrong, %s ends, and nothing is lost or performed twice',
      },
    ],
  },
  {
    id: 'A2',
    says: 'The first decision that ends the task is final. After it only cleanup runs, and only once.',
    where: 'machines/agent/agent.ts',
    tests: [
      { file: 'test/machines/agent/invariants.test.ts', name: 'cleanup comes exactly once' },
      { file: 'test/machines/agent/invariants.test.ts', name: 'after the end no event changes anything' },
      {
        file: 'test/machines/agent/invariants.test.ts',
        name: 'a task ends as cancelled if and only if it was cancelled in time',
      },
      { file: 'test/machines/agent/end.test.ts', name: 'comes too late once the outcome of the task is decided' },
      {
        file: 'test/machines/agent/end.test.ts',
        name: 'a cancelled task never becomes a completed one, whatever event comes late',
      },
      { file: 'test/machines/agent/end.test.ts', name: 'happens once when a task is %s' },
    ],
  },
  {
    id: 'A3',
    says: 'Every tool call in an answer of the model gets a result in the transcript, however the turn ends.',
    where: 'machines/agent/agent.ts',
    tests: [
      {
        file: 'test/machines/agent/invariants.test.ts',
        name: 'calls are open only while acting, and every call is answered in the transcript',
      },
      { file: 'test/machines/agent/end.test.ts', name: 'stops running tools and leaves no call without a result' },
      {
        file: 'test/machines/agent/inputs.test.ts',
        name: 'reads are stopped and get a result, and a write under way is finished first',
      },
      {
        file: 'test/machines/agent/execution.test.ts',
        name: 'the calls of one turn run in parallel, and their results are in the order of the calls',
      },
      { file: 'test/testing/mutants.test.ts', name: '%s' },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'whatever goes wrong, %s ends, and nothing is lost or performed twice',
      },
    ],
  },
  {
    id: 'A4',
    says: 'A task is completed only by a typed answer or, for an agent without replies, by a finished text. The words of a text never end a task.',
    where: 'machines/agent/agent.ts',
    tests: [
      {
        file: 'test/machines/agent/execution.test.ts',
        name: 'text that claims the task is done ends nothing, in a tool result or beside a call',
      },
      { file: 'test/actors/parseAnswer.test.ts', name: 'a typed answer counts; the text beside it does not' },
      { file: 'test/actors/parseAnswer.test.ts', name: 'text counts as an answer only for an agent without replies' },
      { file: 'test/actors/parseAnswer.test.ts', name: '%s cannot be used' },
    ],
  },
  {
    id: 'A5',
    says: 'A pause interrupts nothing: the agent waits before its next model call, and tells its delegates to pause.',
    where: 'machines/agent/agent.ts',
    tests: [
      {
        file: 'test/machines/agent/invariants.test.ts',
        name: 'a pause stops nothing that runs, and no model is called while paused',
      },
      {
        file: 'test/machines/agent/end.test.ts',
        name: 'lets a running tool finish, and holds before the next model call',
      },
      { file: 'test/machines/agent/end.test.ts', name: 'holds before the plan is requested, too' },
      { file: 'test/machines/agent/end.test.ts', name: 'holds before a failed call is retried, and continues there' },
      { file: 'test/define/presets/asTool.test.ts', name: 'is cancelled and paused together with its caller' },
    ],
  },
  {
    id: 'A6',
    says: 'No input is lost: it is in the transcript, or among the dead letters with the reason.',
    where: 'machines/agent/agent.ts',
    tests: [
      {
        file: 'test/machines/agent/invariants.test.ts',
        name: 'every input is either read by the model, or kept with the reason why not',
      },
      {
        file: 'test/machines/agent/inputs.test.ts',
        name: 'latest: only the newest input is read; the replaced ones are dead letters with the reason',
      },
      {
        file: 'test/machines/agent/inputs.test.ts',
        name: 'reject: no input is read and nothing changes; the input is a dead letter with the reason',
      },
      {
        file: 'test/machines/agent/inputs.test.ts',
        name: 'input that an agent has not read at its end is a dead letter with the reason',
      },
      {
        file: 'test/runtime/input.test.ts',
        name: 'input that is replaced by newer input becomes a dead letter under its own name',
      },
    ],
  },
  {
    id: 'K1',
    says: 'If approval is needed, nothing runs before exactly this call is approved (its hash is in the ticket).',
    where: 'machines/toolCall/toolCall.ts',
    tests: [
      {
        file: 'test/machines/toolCall.test.ts',
        name: 'asks for approval of exactly this call, and runs nothing before',
      },
      { file: 'test/machines/toolCall.test.ts', name: 'when %s, nothing runs and the model gets the reason' },
      {
        file: 'test/actors/engine.test.ts',
        name: 'an agent reads two files side by side, asks before it writes, and answers',
      },
      {
        file: 'test/actors/parseAnswer.test.ts',
        name: 'the same call has the same hash in any order of its keys',
      },
    ],
  },
  {
    id: 'K2',
    says: 'A write that may have happened is reconciled: first its tool is asked, then a person. It is never repeated without such an answer.',
    where: 'machines/toolCall/toolCall.ts',
    tests: [
      {
        file: 'test/machines/toolCall.test.ts',
        name: 'an uncertain write is reconciled, never repeated blindly',
      },
      {
        file: 'test/machines/toolCall.test.ts',
        name: 'an uncertain write that cannot be reconciled is decided by a person',
      },
      {
        file: 'test/machines/toolCall.test.ts',
        name: 'a write that was confirmed three times not to have happened is not tried a fourth time',
      },
    ],
  },
  {
    id: 'K3',
    says: 'An interruption does not stop a write that has begun. It stops a call that waits for approval or only reads.',
    where: 'machines/toolCall/toolCall.ts',
    tests: [
      { file: 'test/machines/toolCall.test.ts', name: 'a write that has started is finished, and its result counts' },
      { file: 'test/machines/toolCall.test.ts', name: 'a call that waits for approval is not made any more' },
      { file: 'test/machines/toolCall.test.ts', name: 'a read that a person had approved is stopped' },
      {
        file: 'test/runtime/input.test.ts',
        name: 'a write that has started is performed once, also when the agent is interrupted',
      },
    ],
  },
  {
    id: 'K4',
    says: 'Every call has an outcome for the model, however it ends.',
    where: 'machines/toolCall/toolCall.ts',
    tests: [
      { file: 'test/machines/toolCall.test.ts', name: 'runs at once when no approval is needed' },
      { file: 'test/machines/toolCall.test.ts', name: 'a failed tool is an outcome, not a failure of the call' },
      { file: 'test/machines/toolCall.test.ts', name: 'when %s, nothing runs and the model gets the reason' },
      {
        file: 'test/machines/toolCall.test.ts',
        name: 'an uncertain write that cannot be reconciled is decided by a person',
      },
      { file: 'test/machines/laws.test.ts', name: 'can reach a final state from every state' },
    ],
  },
  {
    id: 'K5',
    says: 'Work for another agent or team runs as a durable child. The outcome contains its usage, also when it was told to stop.',
    where: 'machines/toolCall/toolCall.ts',
    tests: [
      { file: 'test/define/presets/asTool.test.ts', name: 'does the work of a call, and its answer is the result' },
      { file: 'test/define/presets/asTool.test.ts', name: 'is charged to its caller once' },
      { file: 'test/define/presets/asTool.test.ts', name: 'when its caller is cancelled' },
      {
        file: 'test/define/presets/asTool.test.ts',
        name: 'and an agent that ignores its cancel does not delay its caller',
      },
      {
        file: 'test/define/presets/asTool.test.ts',
        name: 'under every kind of fault, agents that work as tools end with their caller, and nothing is charged twice',
      },
    ],
  },
  {
    id: 'K6',
    says: 'The attempts at a write, what looks it up and what makes it again have one key: that of the first attempt.',
    where: 'machines/toolCall/toolCall.ts',
    tests: [
      { file: 'test/testing/oneKey.test.ts', name: 'a write %s happens once, wherever the process is killed' },
      { file: 'test/testing/oneKey.test.ts', name: 'a write %s has one key under all faults' },
    ],
  },
  {
    id: 'R1',
    says: 'Messages are routed one at a time, in the order in which they arrived. While one is routed, the others wait.',
    where: 'machines/run/run.ts',
    tests: [
      {
        file: 'test/machines/run/run.test.ts',
        name: 'several members work in parallel; their answers are routed one by one, in the order they came',
      },
      {
        file: 'test/machines/run/run.test.ts',
        name: 'routes every message, starts the named members, and ends with the result of the route',
      },
    ],
  },
  {
    id: 'R2',
    says: 'No member starts while the run is paused, or once turns or budget are used up. While others hold the rest of the budget, a message waits.',
    where: 'machines/run/run.ts',
    tests: [
      {
        file: 'test/machines/run/invariants.test.ts',
        name: 'no member is started and no message is routed while it is paused, and no member is started while it is stopping',
      },
      {
        file: 'test/machines/run/invariants.test.ts',
        name: 'there are no more turns than the limit allows, and each starts one member',
      },
      {
        file: 'test/machines/run/invariants.test.ts',
        name: 'what its members may still use plus what was used stays within the budget',
      },
      {
        file: 'test/machines/run/run.test.ts',
        name: 'pause reaches every member, and no member is started until resume',
      },
      { file: 'test/machines/run/run.test.ts', name: 'turns' },
      {
        file: 'test/machines/run/run.test.ts',
        name: 'money: what is left is shared, and with nothing left no member is started',
      },
      {
        file: 'test/machines/run/run.test.ts',
        name: 'money: a message waits while members hold all that is left, and is handed out with what they return',
      },
    ],
  },
  {
    id: 'R3',
    says: 'However the run ends, every member at work is told to stop and has a grace period to do so.',
    where: 'machines/run/run.ts',
    tests: [
      {
        file: 'test/machines/run/invariants.test.ts',
        name: 'every started member ends or is stopped, and each working member gets one cancel',
      },
      {
        file: 'test/machines/run/run.test.ts',
        name: 'cancel reaches every member, and waits only for the grace period',
      },
      {
        file: 'test/machines/run/run.test.ts',
        name: 'time: members get a cancel, and the run ends when they have ended',
      },
    ],
  },
  {
    id: 'R4',
    says: 'A supervisor is started when it is first needed. If it ends while it has work, the run fails; otherwise it is started again when needed.',
    where: 'machines/run/run.ts',
    tests: [
      {
        file: 'test/machines/run/members.test.ts',
        name: 'is started once and gets one piece of work after another, each with its slot',
      },
      {
        file: 'test/machines/run/members.test.ts',
        name: 'that fails fails all its work, and is started again when it had none',
      },
    ],
  },
  {
    id: 'Q1',
    says: 'Each submitted task gets exactly one result, and the results are in the order of submission. Each piece of work from above is answered with one `work.done`.',
    where: 'machines/router/router.ts',
    tests: [
      {
        file: 'test/define/orchestrator/batches.test.ts',
        name: 'every task has one result, in the order of submission, in every mode',
      },
      {
        file: 'test/define/orchestrator/batches.test.ts',
        name: 'a batch that is larger than the read-ahead is answered completely, in order',
      },
      {
        file: 'test/define/orchestrator/control.test.ts',
        name: 'a cancel ends running and waiting tasks, and every task has a result',
      },
      {
        file: 'test/machines/router/router.test.ts',
        name: 'work from a parent is answered with the output of the member, and kept in no list',
      },
      {
        file: 'test/define/orchestrator/everything.test.ts',
        name: '%s: under every kind of fault every task is answered once, within the budget',
      },
    ],
  },
  {
    id: 'Q2',
    says: 'A task that no member can take is refused at once. A task that a member can take later waits, but never beyond its deadline.',
    where: 'machines/router/router.ts',
    tests: [
      { file: 'test/define/orchestrator/routing.test.ts', name: '%s is refused at once, with the reason' },
      {
        file: 'test/machines/router/router.test.ts',
        name: 'work that no member can take is refused at once, with the name and the reason',
      },
      {
        file: 'test/define/orchestrator/limits.test.ts',
        name: 'when all members are out of rotation, tasks wait for one to return, but not beyond their deadline',
      },
      {
        file: 'test/define/orchestrator/limits.test.ts',
        name: 'a deadline bounds the attempts, the wait for capacity, and the backoff',
      },
    ],
  },
  {
    id: 'Q3',
    says: 'The steps that were used and the steps that are reserved for running attempts never exceed the limit together.',
    where: 'machines/router/router.ts',
    tests: [
      {
        file: 'test/define/orchestrator/limits.test.ts',
        name: 'concurrent tasks never exceed the step budget together',
      },
      {
        file: 'test/define/orchestrator/limits.test.ts',
        name: 'tasks are accepted until the step budget is used up, and then rejected with that reason',
      },
      {
        file: 'test/define/orchestrator/limits.test.ts',
        name: 'a broadcast divides the remaining steps, and is refused when there is less than one for each member',
      },
      {
        file: 'test/define/orchestrator/everything.test.ts',
        name: '%s: under every kind of fault every task is answered once, within the budget',
      },
    ],
  },
  {
    id: 'Q4',
    says: 'An attempt that is stopped ends before the next one starts: its member is told to stop, has a grace period, and is then terminated.',
    where: 'machines/router/router.ts',
    tests: [
      {
        file: 'test/machines/router/router.test.ts',
        name: 'an attempt that ignores its cancel is stopped, and counts as usage all it was granted',
      },
      {
        file: 'test/define/orchestrator/limits.test.ts',
        name: 'an attempt that takes too long is stopped, counted and retried',
      },
      {
        file: 'test/define/presets/scale.test.ts',
        name: 'an orchestration keeps only as many attempts active as its concurrency, its own state does not grow with the tasks, and every member gets the same number',
      },
    ],
  },
  {
    id: 'Q5',
    says: 'The context holds the running attempts and a bounded number of tasks. Everything that grows is in the lists `tasks` and `results`.',
    where: 'machines/router/router.ts',
    tests: [
      {
        file: 'test/define/presets/scale.test.ts',
        name: 'an orchestration keeps only as many attempts active as its concurrency, its own state does not grow with the tasks, and every member gets the same number',
      },
      {
        file: 'test/define/orchestrator/batches.test.ts',
        name: 'a batch that is larger than the read-ahead is answered completely, in order',
      },
    ],
  },
  {
    id: 'GG1',
    says: 'A failure that may pass moves on to the next model of the group at once; the last model is asked again, with pauses. Another failure ends the call, except in a `fallback` group, which asks its next model unless the request itself is wrong.',
    where: 'src/gateway/groups/groupGateway.ts',
    tests: [
      {
        file: 'test/workflow/gateway/groups.test.ts',
        name: 'a failure that may pass moves on to the next model of the group at once',
      },
      {
        file: 'test/workflow/gateway/groups.test.ts',
        name: 'the last model of a group is asked again after a pause',
      },
      {
        file: 'test/workflow/gateway/groups.test.ts',
        name: 'a key that is refused ends the call of a %s group as its strategy says',
      },
    ],
  },
  {
    id: 'GG2',
    says: 'A temperature is sent only when the request or the group has one.',
    where: 'src/gateway/groups/groupGateway.ts',
    tests: [
      {
        file: 'test/workflow/gateway/groups.test.ts',
        name: 'a model is sent what the contract names, and a temperature only when there is one',
      },
    ],
  },
  {
    id: 'GG3',
    says: 'Every failure has a code of the HTTP contract in `data.code`, and no secret.',
    where: 'src/gateway/groups/groupGateway.ts',
    tests: [
      {
        file: 'test/workflow/gateway/groups.test.ts',
        name: '%s has a code, a status and says whether to try again',
      },
      { file: 'test/workflow/gateway/groups.test.ts', name: 'a key that a server repeats is hidden' },
    ],
  },
  {
    id: 'GG4',
    says: 'While a provider is busy (429, 503, no connection), calls go to the other models of the group, and those of the last one wait for their turn.',
    where: 'src/gateway/groups/groupGateway.ts',
    tests: [
      {
        file: 'test/gateway/pace.test.ts',
        name: 'calls are answered by a provider that was away for a second',
      },
      {
        file: 'test/workflow/gateway/groups.test.ts',
        name: 'while the provider of a model is busy, calls go to the next one, and those of the last one wait',
      },
    ],
  },
  {
    id: 'GR1',
    says: 'Each piece of work is answered exactly once, however it ends.',
    where: 'machines/guardrail/pipeline.ts',
    tests: [
      {
        file: 'test/machines/guardrail.test.ts',
        name: 'every piece of work is answered once, also when it is sent twice',
      },
      {
        file: 'test/machines/guardrail.test.ts',
        name: 'a timer, a check or an answer that comes after its work has ended changes nothing',
      },
      {
        file: 'test/machines/guardrail.test.ts',
        name: 'cancelled work is answered when it has ended, or when the grace period is over',
      },
      {
        file: 'test/machines/guardrail.test.ts',
        name: 'when the guardrail is stopped, all work under way is answered',
      },
      {
        file: 'test/define/orchestrator/guardrails.test.ts',
        name: 'every task is answered once after a crash at any of a sample of points',
      },
    ],
  },
  {
    id: 'GR2',
    says: 'A guardrail fails closed: when a check rejects, throws, does not answer in time or ends, the work is rejected. A check that nobody ran while its time passed is asked again.',
    where: 'machines/guardrail/pipeline.ts',
    tests: [
      {
        file: 'test/define/guardrails/failClosed.test.ts',
        name: 'a check that %s rejects the task, before and after the work',
      },
      { file: 'test/define/guardrails/failClosed.test.ts', name: 'a check of the stream that %s stops the stream' },
      {
        file: 'test/define/guardrails/failClosed.test.ts',
        name: 'the time limit of a check is the one that its guardrail sets',
      },
      {
        file: 'test/define/guardrails/failClosed.test.ts',
        name: 'when a nested guardrail crashes, tasks are rejected until a person resets it',
      },
      {
        file: 'test/machines/guardrail.test.ts',
        name: 'a check whose time passed while nobody ran it is asked again, and refused when it is silent again and again',
      },
    ],
  },
  {
    id: 'GR3',
    says: 'The first decision to stop a piece of work is final.',
    where: 'machines/guardrail/pipeline.ts',
    tests: [
      {
        file: 'test/machines/guardrailDecision.test.ts',
        name: 'the first decision to stop work stands, whatever is decided or answered while it stops',
      },
      {
        file: 'test/define/guardrails/guarded.test.ts',
        name: 'guardrails run in a fixed order, and the first rejection ends the task',
      },
    ],
  },
  {
    id: 'M1',
    says: 'The amounts that are used, leased and free always add up to the budget.',
    where: 'machines/treasury/ledger.ts',
    tests: [
      { file: 'test/machines/treasurer.test.ts', name: 'what is used, leased and free make up the budget' },
      {
        file: 'test/machines/run/invariants.test.ts',
        name: 'the ledger of its treasurer balances: used, leased and free make up the budget',
      },
      {
        file: 'test/define/budget/survival.test.ts',
        name: 'under every kind of fault the ledger adds up, and no more than the budget is used',
      },
    ],
  },
  {
    id: 'M2',
    says: 'A leased amount belongs to its holder until the lease is settled, or until the holder says that it makes no call before it has more: then others may be lent of it meanwhile.',
    where: 'machines/treasury/ledger.ts',
    tests: [
      { file: 'test/machines/treasurer.test.ts', name: 'a lease is never more than what is free' },
      {
        file: 'test/machines/run/run.test.ts',
        name: 'money: what working members were granted is not granted again, and what they leave unused is',
      },
      {
        file: 'test/machines/treasurer.test.ts',
        name: 'a request for more gets its share of what is free, at least what it needs, and waits while open leases may return something',
      },
    ],
  },
  {
    id: 'M3',
    says: 'A lease that is requested again, or settled again, changes no amount.',
    where: 'machines/treasury/ledger.ts',
    tests: [
      { file: 'test/machines/treasurer.test.ts', name: 'a repeated request changes no sum' },
      {
        file: 'test/machines/treasurer.test.ts',
        name: 'a lease requested again is the same lease, and a settled lease is not opened again',
      },
    ],
  },
  {
    id: 'M4',
    says: 'A request for more than is free waits while another holder may still return something. When all holders wait, the run above is asked if its lease is the limit; otherwise a person is asked if the team wants that; otherwise the request is refused.',
    where: 'machines/treasury/treasurer.ts',
    tests: [
      {
        file: 'test/machines/treasurer.test.ts',
        name: 'a waiting request waits for an open lease that may return something, the parent run, or a person',
      },
      {
        file: 'test/machines/treasurer.test.ts',
        name: 'under a parent run: the treasurer asks its parent for what its own limits allow, and refuses when the parent refuses',
      },
      {
        file: 'test/machines/treasurer.test.ts',
        name: 'a request for more gets its share of what is free, at least what it needs, and waits while open leases may return something',
      },
      { file: 'test/machines/treasurer.test.ts', name: 'a ticket that could not be created counts as a refusal' },
      {
        file: 'test/define/budget/ask.test.ts',
        name: 'the ticket shows the budget, its use by each member, and the amount requested',
      },
    ],
  },
  {
    id: 'C1',
    says: 'A step starts nothing: every child is an inert stub, and the actions of the machine are returned as data.',
    where: 'src/core/chart.ts',
    tests: [
      {
        file: 'test/core/inert.test.ts',
        name: 'a step starts no child, no effect and no timer, and executes no action: all of them are returned as data',
      },
    ],
  },
  {
    id: 'C2',
    says: "A step returns what XState's own `transition()` returns. `stepper/` takes it by plans that are made once; XState takes those that end in an error, those of a machine that has ended, and all of a machine that another copy of XState has made. One reused scope saves building an actor for each of them.",
    where: 'src/core/chart.ts',
    tests: [
      { file: 'test/core/chart.test.ts', name: '%s steps as in XState' },
      { file: 'test/core/stepper/equal.test.ts', name: 'machines drawn at random step as in XState' },
      { file: 'test/core/stepper/xstate.test.ts', name: 'a machine of another copy of XState is stepped by that copy' },
    ],
  },
  {
    id: 'C3',
    says: 'A saved snapshot is plain JSON with the names of the children, never their state.',
    where: 'src/core/chart.ts',
    tests: [
      {
        file: 'test/core/inert.test.ts',
        name: 'a saved snapshot is plain JSON, with the names of the children and nothing of their state',
      },
    ],
  },
  {
    id: 'C4',
    says: 'A restored snapshot steps like the one that was saved. XState remembers in which order regions entered their states, takes their eventless transitions in that order, and forgets it when saving; here regions are always in the order in which the machine lists them.',
    where: 'src/core/chart.ts',
    tests: [
      { file: 'test/core/chart.test.ts', name: '%s steps as if it had never been restarted' },
      {
        file: 'test/core/chart.test.ts',
        name: 'the state description names the regions in the order of the machine definition',
      },
    ],
  },
  {
    id: 'GW1',
    says: 'Retries are made inside one call, under its key. The caller gets one answer or one failure.',
    where: 'src/gateway/gateway.ts',
    tests: [
      {
        file: 'test/gateway/oneCall.test.ts',
        name: 'every attempt of a call has the key of the call, for every model, and the caller gets one answer',
      },
      {
        file: 'test/gateway/gateway.test.ts',
        name: 'the models of a group are called in order, each three times before the next',
      },
      { file: 'test/gateway/gateway.test.ts', name: 'when all models fail, the failure has the reason of each' },
    ],
  },
  {
    id: 'GW2',
    says: 'An answer is never put together from two tries: `stream` does not change models once it has handed out a part, and `answer` starts again from the beginning.',
    where: 'src/gateway/gateway.ts',
    tests: [
      { file: 'test/gateway/gateway.test.ts', name: 'a stream does not change models after its first part' },
      {
        file: 'test/gateway/gateway.test.ts',
        name: 'an answer that broke off is started again, and parts of two answers are never mixed',
      },
      { file: 'test/gateway/wire.test.ts', name: 'a stream that breaks off is a failure' },
    ],
  },
  {
    id: 'GW3',
    says: 'An unknown price is null, never zero.',
    where: 'src/gateway/gateway.ts',
    tests: [
      { file: 'test/gateway/gateway.test.ts', name: '%s with %o costs %s' },
      {
        file: 'test/machines/agent/end.test.ts',
        name: 'of money refuses a model whose price is unknown, unless that is allowed',
      },
    ],
  },
  {
    id: 'GW4',
    says: 'The retries of a model are limited to a share of its calls, so that an outage does not multiply its own load.',
    where: 'src/gateway/gateway.ts',
    tests: [
      { file: 'test/values/backoff.test.ts', name: 'keeps an outage from tripling the load' },
      { file: 'test/values/backoff.test.ts', name: 'is a share of the calls plus a small reserve' },
    ],
  },
  {
    id: 'GW5',
    says: 'Every attempt that was not refused is accounted for, failed ones too: those before an answer in `failed`, those without one in the data of the failure. An attempt that `mayTry` does not allow is not made.',
    where: 'src/gateway/gateway.ts',
    tests: [
      { file: 'test/gateway/charges.test.ts', name: 'attempts that fail are charged beside the answer' },
      { file: 'test/gateway/charges.test.ts', name: 'a budget of %o ends a model that never answers' },
    ],
  },
  {
    id: 'V1',
    says: 'An answer is complete only when the provider said why it stopped. An answer that ends without a reason, in the middle of a call or in an error is cut off: it is asked for anew, and nothing of it is used.',
    where: 'src/gateway/verdict.ts',
    tests: [
      { file: 'test/gateway/brokenAnswers.test.ts', name: '%s: the answer is begun anew, and is whole' },
      { file: 'test/gateway/brokenAnswers.test.ts', name: 'the reason "%s" is that of an answer that broke off' },
      { file: 'test/gateway/cutAnswers.test.ts', name: 'a call in an answer that broke off is not made' },
    ],
  },
  {
    id: 'V2',
    says: 'A status of 200 says nothing of what comes after it: an error in the body counts as what it says, and as cut off when it says nothing.',
    where: 'src/gateway/verdict.ts',
    tests: [
      { file: 'test/gateway/brokenAnswers.test.ts', name: '%s, each time: the failure is transient and says so' },
      {
        file: 'test/gateway/brokenAnswers.test.ts',
        name: '%s: an error in the middle of a stream counts as what it says',
      },
    ],
  },
  {
    id: 'V3',
    says: 'Only what the provider itself refused is not tried again.',
    where: 'src/gateway/verdict.ts',
    tests: [{ file: 'test/gateway/brokenAnswers.test.ts', name: '%s is refused at once' }],
  },
  {
    id: 'TC1',
    says: 'Every name is unique, is valid for every provider, and does not change when another source joins (`toolNames.ts` says how it is made).',
    where: 'src/tools/catalog.ts',
    tests: [
      {
        file: 'test/tools/catalog.test.ts',
        name: 'every name is valid for every provider, and unique',
      },
      { file: 'test/tools/catalog.test.ts', name: 'a name stays the same when another server is added' },
      {
        file: 'test/tools/catalog.test.ts',
        name: 'local tools keep their names; tools of servers have the name of their server as a prefix',
      },
    ],
  },
  {
    id: 'TC2',
    says: 'The epoch rises when the list of a source changed, went away or came back, and at no other time.',
    where: 'src/tools/catalog.ts',
    tests: [
      {
        file: 'test/tools/epoch.test.ts',
        name: 'the epoch rises when a source becomes unavailable and when it returns, and not in between',
      },
      { file: 'test/tools/catalog.test.ts', name: 'the epoch rises when a source changes, and the change is listed' },
    ],
  },
  {
    id: 'TC3',
    says: 'A source that cannot be listed leaves the others usable. `missing` gives the failure of a source that is not optional, `problems` every other problem.',
    where: 'src/tools/catalog.ts',
    tests: [
      {
        file: 'test/tools/catalog.test.ts',
        name: 'a source that cannot be listed is reported, leaves the others usable, and returns later',
      },
      {
        file: 'test/tools/catalog.test.ts',
        name: 'an optional source that cannot be listed is reported, and is not a gap',
      },
    ],
  },
  {
    id: 'TC4',
    says: "A call of a tool that does not exist is a TroupeError `tool` that names the nearest ones. A call of a source that cannot be listed is that source's failure.",
    where: 'src/tools/catalog.ts',
    tests: [
      {
        file: 'test/tools/catalog.test.ts',
        name: 'an unknown tool is a failure of kind tool that names the nearest ones',
      },
      {
        file: 'test/tools/catalog.test.ts',
        name: 'a call of a source that cannot be listed fails, and says that nothing was started',
      },
    ],
  },
  {
    id: 'TC5',
    says: 'A source is listed when its tools are there, for every caller in the same moment: who comes while another one lists gets the tools, too.',
    where: 'src/tools/catalog.ts',
    tests: [
      {
        file: 'test/tools/catalog.test.ts',
        name: 'after a restart, a call that comes at any moment of the list of another one finds its tool',
      },
      {
        file: 'test/tools/catalog.test.ts',
        name: 'an agent that asks for the tools at any moment of the list of another one gets all of them',
      },
      {
        file: 'test/tools/catalog.test.ts',
        name: 'a listener that asks for the tools when a source has returned gets its tools',
      },
    ],
  },
  {
    id: 'TS1',
    says: 'Two credentials never share a session, also at the same address.',
    where: 'src/mcp/sessions/sessions.ts',
    tests: [
      {
        file: 'test/mcp/sessions/sessions.test.ts',
        name: 'two credentials never share a session, and the same one does',
      },
    ],
  },
  {
    id: 'TS2',
    says: 'A session that nobody uses is closed, and opened again when it is used.',
    where: 'src/mcp/sessions/sessions.ts',
    tests: [
      {
        file: 'test/mcp/sessions/sessions.test.ts',
        name: 'a session that nobody uses is closed, and opened again when it is used',
      },
    ],
  },
  {
    id: 'TS3',
    says: 'No message contains a credential or a secret parameter of a session.',
    where: 'src/mcp/sessions/sessions.ts',
    tests: [
      {
        file: 'test/mcp/sessions/plain.test.ts',
        name: 'what became of a call that failed is told, without a secret',
      },
    ],
  },
  {
    id: 'SP1',
    says: 'The server gets the variables it was given and a few safe ones, never our whole environment.',
    where: 'src/mcp/stdio.ts',
    tests: [
      {
        file: 'test/mcp/life.test.ts',
        name: "a server's environment has a few variables and those in its options, and no others",
      },
    ],
  },
  {
    id: 'SP2',
    says: 'The server runs in a process group of its own, and no process of that group outlives the connection.',
    where: 'src/mcp/stdio.ts',
    tests: [
      {
        file: 'test/mcp/life.test.ts',
        name: 'closing ends the server and its child processes, even when they ignore signals',
      },
      { file: 'test/mcp/life.test.ts', name: 'a process that ends without closing its servers takes them with it' },
    ],
  },
  {
    id: 'SP3',
    says: 'Memory is bounded: one line of 8 MB, the last 4 KB of stderr, a hundred unreadable lines in a row.',
    where: 'src/mcp/stdio.ts',
    tests: [
      { file: 'test/mcp/misconduct.test.ts', name: 'endless output is cut off before it fills the memory' },
      {
        file: 'test/mcp/stderr.test.ts',
        name: "only the end of a server's stderr is kept, so it does not fill the memory",
      },
      { file: 'test/mcp/misconduct.test.ts', name: 'a program that writes something else is not accepted as a server' },
    ],
  },
  {
    id: 'SJ1',
    says: "A run has one owner. Another process gets it when the owner's log is ended: from then on no write of that owner is applied by anybody.",
    where: 'src/journal/shared/shared.ts',
    tests: [
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'a process that is told late that it has its run asks again, because another one may have it by then',
      },
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'a process that stood still is fenced: none of its commits is applied, and it claims again under a new name',
      },
      {
        file: 'test/journal/shared/ordering.test.ts',
        name: 'whatever goes wrong with the store, what was acknowledged is there once and in order, what was refused is not, and every run is found',
      },
      {
        file: 'test/journal/shared/ordering.test.ts',
        name: 'found: %s',
      },
    ],
  },
  {
    id: 'SJ2',
    says: 'What was acknowledged is in the log or in a segment at every moment: at a trim, a take-over, and when a process is killed between any two steps.',
    where: 'src/journal/shared/shared.ts',
    tests: [
      {
        file: 'test/journal/shared/ordering.test.ts',
        name: 'whatever goes wrong with the store, what was acknowledged is there once and in order, what was refused is not, and every run is found',
      },
      {
        file: 'test/journal/shared/ordering.test.ts',
        name: 'found: %s',
      },
      {
        file: 'test/journal/shared/ordering.test.ts',
        name: 'seed %i: %s',
      },
      {
        file: 'test/testing/simulateShared.test.ts',
        name: 'whatever goes wrong with the shared store, %s ends, nothing is lost or performed twice, and all processes read the same',
      },
    ],
  },
  {
    id: 'SJ3',
    says: 'A run is born once: the first segment is appended where nothing is.',
    where: 'src/journal/shared/shared.ts',
    tests: [
      {
        file: 'src/testing/suites/journal/leases.ts',
        name: 'a run has one owner: another process gets it only when the claim has run out, or the owner is gone',
      },
      {
        file: 'test/journal/shared/ordering.test.ts',
        name: 'found: %s',
      },
    ],
  },
  {
    id: 'SJ4',
    says: 'A write whose outcome is unknown is rejected with `storage`. Asked for again, it is made once. A claim that nobody waits for is given back.',
    where: 'src/journal/shared/shared.ts',
    tests: [
      {
        file: 'test/journal/shared/unsureWrites.test.ts',
        name: '${name} that is asked for again ${when} it is stored is made once, and is known; ${how}',
      },
      {
        file: 'test/journal/shared/unsureWrites.test.ts',
        name: 'a run whose claim is asked for again at any moment has one owner, when the first claim %s',
      },
      {
        file: 'test/journal/shared/unsureWrites.test.ts',
        name: 'a claim whose outcome was unknown is given back when it is stored, so that it holds up nobody; ${how}',
      },
      {
        file: 'test/journal/shared/unsureWrites.test.ts',
        name: 'a claim that is asked for again keeps its run, although the first one was stored late; ${how}',
      },
    ],
  },
  {
    id: 'SJ5',
    says: 'A run that waits costs no message: a process renews all its runs by its presence. The commits of one turn are one message. Taken over, it costs one, and is not read.',
    where: 'src/journal/shared/shared.ts',
    tests: [
      {
        file: 'test/journal/shared/takeOver.test.ts',
        name: 'a process that takes them over as they are listed sends one message for each, and reads none',
      },
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'a run that waits costs no message: a thousand of them are renewed by their process alone',
      },
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'commits of one turn are one message, whatever their number and their runs',
      },
    ],
  },
  {
    id: 'SJ6',
    says: 'Damage, and a write that only a newer version knows, refuse the runs that they concern. Messages of other programs are skipped.',
    where: 'src/journal/shared/shared.ts',
    tests: [
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'a damaged segment is named, its run is refused, and all other runs go on',
      },
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'a damaged entry is named by its process; runs of other processes, and those whose writes are in segments, are read',
      },
      {
        file: 'test/journal/shared/damage.test.ts',
        name: 'a damaged run is named, and the others are listed and taken over',
      },
      {
        file: 'test/journal/shared/damage.test.ts',
        name: 'a damaged entry in the log of a dead process keeps only its own runs from being taken over',
      },
      {
        file: 'test/journal/shared/damage.test.ts',
        name: 'the runs that damage in the log of a dead process concerns are set aside: what is stored of them is given out, and their keys are free',
      },
      {
        file: 'test/cluster/damage.test.ts',
        name: 'a node that finds a damaged run among the free ones says so, and takes the others',
      },
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'a write that only a newer version knows refuses the run that it concerns, and no other run of the same process',
      },
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'messages of another program in a log and among segments are skipped and counted, and every process has the same',
      },
    ],
  },
  {
    id: 'SJ7',
    says: 'Clocks of processes are not compared. Refused are a server in an older state than this machine has seen, one that has lost a part of the journal, and two that both keep it.',
    where: 'src/journal/shared/shared.ts',
    tests: [
      {
        file: 'test/journal/shared/faults.test.ts',
        name: 'clocks are not compared: a process whose clock is %i ms off takes no run from one that lives, and gets those of a dead one',
      },
      {
        file: 'test/journal/shared/jetstream/restoredStore.test.ts',
        name: 'a restored server is refused by running processes and at a start, also after others have written to it; the flag accepts it',
      },
      {
        file: 'test/journal/shared/jetstream/deletedStreams.test.ts',
        name: 'a start where one of the streams was deleted is refused, on every machine, until the loss is accepted',
      },
      {
        file: 'test/journal/shared/lostLog.test.ts',
        name: 'a process whose log was purged, with writes that it had acknowledged, stops and says that they are gone',
      },
    ],
  },
  {
    id: 'H1',
    says: 'A hand-over goes to a member, or to a recipient outside that `until.handedOff` names. The schema of the message allows no other recipient.',
    where: 'src/define/presets/handoff.ts',
    tests: [
      {
        file: 'test/define/presets/handoff.test.ts',
        name: 'a hand-off to an unknown member is refused by its schema: the model is told the members, and decides again',
      },
      {
        file: 'test/define/presets/presets.test.ts',
        name: 'moves the task to the named member, with its note; the last owner answers',
      },
      { file: 'test/define/presets/presets.test.ts', name: 'to a name outside the team ends the run' },
    ],
  },
  {
    id: 'H2',
    says: 'Hand-overs end: a member that gets the task a second time from the same member, or after `maxHandoffs`, must answer.',
    where: 'src/define/presets/handoff.ts',
    tests: [
      {
        file: 'test/define/presets/presets.test.ts',
        name: 'that goes in a cycle ends with an answer, and reports the cycle',
      },
      {
        file: 'test/define/presets/proofs.test.ts',
        name: 'cannot deadlock, whatever its members answer, with one message lost',
      },
    ],
  },
  {
    id: 'NC1',
    says: 'A known key stays, even when its seed file was moved away, unless the caller asks for new keys.',
    where: 'src/nats/config/write.ts',
    tests: [
      {
        file: 'test/cli/natsConfig.test.ts',
        name: 'a key whose file was moved stays valid on the server; a lost index is rebuilt from the key files',
      },
      { file: 'test/cli/natsConfig.test.ts', name: 'new keys are made only for the named users' },
      {
        file: 'test/cli/natsConfig.test.ts',
        name: "adding a tenant or an agent keeps the others, and the user's changes in nats.conf",
      },
    ],
  },
  {
    id: 'NC2',
    says: 'An existing `nats.conf` is not changed, unless the caller asks for new keys.',
    where: 'src/nats/config/write.ts',
    tests: [
      {
        file: 'test/cli/natsConfig.test.ts',
        name: "adding a tenant or an agent keeps the others, and the user's changes in nats.conf",
      },
    ],
  },
  {
    id: 'NC3',
    says: 'Only the owner of a seed file can read it, and the seed is written nowhere else.',
    where: 'src/nats/config/write.ts',
    tests: [
      {
        file: 'test/cli/natsConfig.test.ts',
        name: 'a NATS server starts with the written folder: each role has a file that only its owner can read, and no key is in another file',
      },
    ],
  },
  {
    id: 'NC4',
    says: 'A tenant keeps each of its limits until it is given another one.',
    where: 'src/nats/config/write.ts',
    tests: [
      {
        file: 'test/cli/natsConfig.test.ts',
        name: 'a tenant keeps each limit until it is given another one, and the limits of one are not those of others',
      },
    ],
  },
  {
    id: 'CF1',
    says: '`drop`: a message to or from the outside, or the outcome of an effect, is lost permanently. Messages between actors of a run cannot be lost: they stay in the journal until they are handled.',
    where: 'src/testing/check/faults.ts',
    tests: [
      {
        file: 'test/testing/check.test.ts',
        name: 'is found as ${kind}, with the shortest trace, and the corrected definition has no finding',
      },
      { file: 'test/testing/check.test.ts', name: 'without a deadline waits for a day when its model never answers' },
      {
        file: 'test/testing/check.test.ts',
        name: 'only the allowed faults are made, and the report claims only what was explored',
      },
    ],
  },
  {
    id: 'CF2',
    says: '`dup`: a client that has no answer yet sends the same ask again under another id. (Under the same id it is the same message, and is handled once.)',
    where: 'src/testing/check/faults.ts',
    tests: [
      {
        file: 'test/testing/check.test.ts',
        name: 'is found as ${kind}, with the shortest trace, and the corrected definition has no finding',
      },
      { file: 'test/testing/check.test.ts', name: 'an ask that is not repeated is answered' },
    ],
  },
  {
    id: 'CF3',
    says: '`crash`: the process dies and another one continues from the last commits. Effects are performed again; a write that is not idempotent comes back as `uncertain`.',
    where: 'src/testing/check/faults.ts',
    tests: [
      {
        file: 'test/testing/check.test.ts',
        name: 'is found as ${kind}, with the shortest trace, and the corrected definition has no finding',
      },
      {
        file: 'test/testing/check.test.ts',
        name: 'is explored through its phases: answers, failures, approvals, a pause, a crash in the middle of a write',
      },
    ],
  },
  {
    id: 'CW1',
    says: "The actions of a step are read by the engine's own code (`buildOutbox`), and messages are checked by the engine's own code (`fromEnvelope`).",
    where: 'src/testing/check/world.ts',
    tests: [
      {
        file: 'test/testing/check.test.ts',
        name: 'is found as ${kind}, with the shortest trace, and the corrected definition has no finding',
      },
      { file: 'test/testing/check.test.ts', name: 'can be pasted as a story that passes today' },
    ],
  },
  {
    id: 'CW2',
    says: 'A commit and the start of its children are one move. Everything else that the engine does between commits may come in any order.',
    where: 'src/testing/check/world.ts',
    tests: [
      {
        file: 'test/testing/checkOrder.test.ts',
        name: 'a child exists as soon as the commit that starts it: no message to it arrives too early',
      },
      {
        file: 'test/testing/checkOrder.test.ts',
        name: 'messages of two actors are explored in both orders, those of one actor in the order of sending',
      },
    ],
  },
  {
    id: 'CW3',
    says: 'Messages from one actor to another stay in order. Messages to an actor that has ended disappear.',
    where: 'src/testing/check/world.ts',
    tests: [
      {
        file: 'test/testing/checkOrder.test.ts',
        name: 'messages of two actors are explored in both orders, those of one actor in the order of sending',
      },
    ],
  },
  {
    id: 'RC1',
    says: 'An effect that had succeeded is not performed again, and a child that had succeeded is not begun again.',
    where: 'src/engine/recall.ts',
    tests: [
      { file: 'test/runtime/retry.test.ts', name: '%s goes on from there' },
      { file: 'test/runtime/retry.test.ts', name: 'an approval that was given is not asked for again' },
    ],
  },
  {
    id: 'RC2',
    says: 'A failure that its actor went on from is kept as well: what came after it depends on it. An output that tells of a failure (`failureIn`) never is.',
    where: 'src/engine/recall.ts',
    tests: [
      {
        file: 'test/runtime/recall.test.ts',
        name: 'an output that tells of a failure is none to keep, and none that an earlier failure was followed by',
      },
      {
        file: 'test/workflow/engine/retried.test.ts',
        name: 'a webhook that had failed is sent again by a retry under its key, and one that had succeeded is not',
      },
      {
        file: 'test/runtime/retry.test.ts',
        name: 'a tool that was repaired is called again, and what the model had said before stays',
      },
    ],
  },
  {
    id: 'RC3',
    says: 'What had failed, or had begun and was not settled, is performed again under the key of its first attempt.',
    where: 'src/engine/recall.ts',
    tests: [
      {
        file: 'test/runtime/retry.test.ts',
        name: 'a write that failed and is honoured by its key is made under the same key again',
      },
      {
        file: 'test/runtime/recall.test.ts',
        name: 'writes that were under way when the run failed keep their keys, each its own; idempotent: %s',
      },
      {
        file: 'test/runtime/retryKeys.test.ts',
        name: 'a payment that may have been made keeps its key when the mended definition checks something first',
      },
      {
        file: 'test/runtime/retryKeys.test.ts',
        name: 'the key of a payment that the mended definition does not ask for is given to nobody',
      },
    ],
  },
  {
    id: 'RC4',
    says: 'Everything here is read from the journal, so a retry that is interrupted by a crash keeps the same again.',
    where: 'src/engine/recall.ts',
    tests: [{ file: 'test/runtime/retry.test.ts', name: 'a crash at any commit of a retry loses nothing' }],
  },
  {
    id: 'CP1',
    says: 'A checkpoint has a key of its own below the key of its effect: the epoch of the run and a number. Two processes never use the same. So the epoch tells in which life of a retried run it was stored: a life begins with an epoch of its own.',
    where: 'src/engine/checkpoints.ts',
    tests: [
      {
        file: 'test/workflow/engine/retried.test.ts',
        name: 'a retry of items that is interrupted goes on with those that had not ended',
      },
      {
        file: 'test/define/presets/functions.test.ts',
        name: 'what was done before its process stopped is not done again, and the rest goes on under its keys',
      },
      {
        file: 'test/define/presets/functions.test.ts',
        name: '%s: nothing is lost, and no write happens twice, after a crash at any point',
      },
    ],
  },
  {
    id: 'CP2',
    says: 'It is stored whether or not the effect is still wanted: what was done, was done. A process that has lost the run stores none (E4).',
    where: 'src/engine/checkpoints.ts',
    tests: [
      {
        file: 'test/define/presets/functions.test.ts',
        name: 'a write that cannot be repeated ends before the run goes on from a pause',
      },
      { file: 'test/define/presets/functions.test.ts', name: 'a process that has lost its run stores no checkpoint' },
    ],
  },
  {
    id: 'PL1',
    says: 'While it is paused no item begins. It goes on with the items that were not done.',
    where: 'machines/pool.ts',
    tests: [
      {
        file: 'test/define/presets/functions.test.ts',
        name: 'no item begins while the run is paused, and none that was done is done again',
      },
    ],
  },
  {
    id: 'PL2',
    says: 'A cancel ends it wherever it is.',
    where: 'machines/pool.ts',
    tests: [
      { file: 'test/define/presets/functions.test.ts', name: 'a cancelled run stops its items, and begins no other' },
      {
        file: 'test/define/presets/functions.test.ts',
        name: 'a run that is cancelled while it is paused begins no other item',
      },
    ],
  },
  {
    id: 'PF1',
    says: 'An item whose result is stored is not performed again: after a crash, after a pause, and when a failed run is retried (E5).',
    where: 'actors/pool.ts',
    tests: [
      {
        file: 'test/workflow/engine/retried.test.ts',
        name: 'of the items of a webhook a retry sends those that had failed (idempotent: %s)',
      },
      {
        file: 'test/define/presets/functions.test.ts',
        name: 'what was done before its process stopped is not done again, and the rest goes on under its keys',
      },
      {
        file: 'test/define/presets/functions.test.ts',
        name: 'a retry of a failed run works only on what had failed, under the same key',
      },
      {
        file: 'test/define/presets/functions.test.ts',
        name: 'a retry that was paused keeps what earlier lives had done',
      },
    ],
  },
  {
    id: 'PF2',
    says: 'Each item has one key, in every attempt and in every process (E2).',
    where: 'actors/pool.ts',
    tests: [
      {
        file: 'test/define/presets/functions.test.ts',
        name: 'a retry of a failed run works only on what had failed, under the same key',
      },
      {
        file: 'test/define/presets/functions.test.ts',
        name: 'an item that fails is tried again as often as told, and may then be left out',
      },
    ],
  },
  {
    id: 'PF3',
    says: 'A write that cannot be repeated begins once that is stored. If nothing is known of it after a crash, it is `uncertain` and is not performed again (E7).',
    where: 'actors/pool.ts',
    tests: [
      {
        file: 'test/define/presets/functions.test.ts',
        name: 'a write that cannot be repeated and was under way when its process stopped is uncertain, and is not repeated',
      },
      {
        file: 'test/define/presets/functions.test.ts',
        name: '%s: nothing is lost, and no write happens twice, after a crash at any point',
      },
    ],
  },
  {
    id: 'PF4',
    says: 'No item begins after the deadline (E9), or when the effect is stopped.',
    where: 'actors/pool.ts',
    tests: [
      { file: 'test/define/presets/functions.test.ts', name: 'a run whose deadline passes begins no further item' },
      { file: 'test/define/presets/functions.test.ts', name: 'a cancelled run stops its items, and begins no other' },
    ],
  },
  {
    id: 'RS1',
    says: 'Whatever makes a run busy holds a task of it here: a start, an actor that is loading or at work, an effect, a message on its way, a poll with mail.',
    where: 'src/engine/activity.ts',
    tests: [
      {
        file: 'test/runtime/resting.test.ts',
        name: 'as soon as an effect that ran beside it has ended, and not before',
      },
      { file: 'test/testing/mutants.test.ts', name: '%s' },
    ],
  },
  {
    id: 'RS2',
    says: 'Every end of a task tells the watchers, so that no condition of rest can change without them.',
    where: 'src/engine/activity.ts',
    tests: [
      { file: 'test/runtime/resting.test.ts', name: 'a run waits with its open tickets' },
      {
        file: 'test/engine/lease.test.ts',
        name: 'whoever watches a run that %s is told that it is gone, before the journal has answered',
      },
      {
        file: 'test/testing/simulate.test.ts',
        name: 'whatever goes wrong, %s ends, and nothing is lost or performed twice',
      },
    ],
  },
  {
    id: 'CT1',
    says: 'What `contain` calls never throws to its caller, and a promise that it returns never stays unhandled.',
    where: 'src/values/contain.ts',
    tests: [
      { file: 'test/values/contain.test.ts', name: '%s is contained, too' },
      { file: 'test/cluster/hostile.test.ts', name: 'no message of another client deafens a node or ends its process' },
      {
        file: 'test/mcp/thrown.test.ts',
        name: 'a message whose handler throws does not take with it the messages that came in the same piece',
      },
      {
        file: 'test/mcp/thrown.test.ts',
        name: 'when the stream of a request %s without an answer, and whoever takes the error throws, nothing else happens',
      },
      {
        file: 'test/mcp/thrown.test.ts',
        name: 'whoever is told that a connection is lost, or that its tools have changed, may throw',
      },
      {
        file: 'test/cli/interrupts.test.ts',
        name: 'a handler of %s that throws leaves the process alive, and the next signal is handled',
      },
      {
        file: 'test/engine/throwingTimers.test.ts',
        name: 'a timer of the system that throws does not keep the next ones from firing',
      },
      {
        file: 'test/runtime/strays.test.ts',
        name: 'a report that throws does not end the process, and the next stray error is reported',
      },
    ],
  },
  {
    id: 'CT2',
    says: 'The first error of each place is told, as a warning of the process; the next call is made as if nothing had happened.',
    where: 'src/values/contain.ts',
    tests: [
      {
        file: 'test/values/contain.test.ts',
        name: 'an error is told once for each place, on one line, and the next call is made',
      },
    ],
  },
  {
    id: 'RA1',
    says: 'The work is given under a key of its own; what comes back for an earlier dispatch changes nothing.',
    where: 'machines/workflow/remoteAgentStep.ts',
    tests: [{ file: 'test/doors/serve/split.test.ts', name: 'a call that is %s (on_reject: %s) leaves the run %s' }],
  },
  {
    id: 'RA2',
    says: 'A runtime that is silent is not waited for beyond its heartbeats. Work without tools is given away again, twice at most; other work may have changed something outside, and has failed.',
    where: 'machines/workflow/remoteAgentStep.ts',
    tests: [
      {
        file: 'test/workflow/engine/remoteRetried.test.ts',
        name: 'work of a silent runtime is given away again when it has no tools, and twice at most',
      },
      {
        file: 'test/doors/serve/processes.test.ts',
        name: 'in three processes a run completes; with its runtime killed the step ends by heartbeat_timeout',
      },
    ],
  },
  {
    id: 'RA3',
    says: 'A call that a person must agree to is a ticket here; the runtime goes on when it is decided.',
    where: 'machines/workflow/remoteAgentStep.ts',
    tests: [{ file: 'test/doors/serve/split.test.ts', name: 'a call that is %s (on_reject: %s) leaves the run %s' }],
  },
  {
    id: 'RA4',
    says: 'A retry of the run gives the work away anew, from its beginning, and people are asked again.',
    where: 'machines/workflow/remoteAgentStep.ts',
    tests: [
      {
        file: 'test/workflow/engine/remoteRetried.test.ts',
        name: 'a retry begins the work anew: a person is asked again about a call that may be made again',
      },
    ],
  },
  {
    id: 'SE1',
    says: 'One that a tool or another effect of a run has started fails that run, by name, and no other. In a flow it fails the flow as if its body had thrown it.',
    where: 'src/runtime/strays.ts',
    tests: [
      {
        file: 'test/cli/strays.test.ts',
        name: 'a tool that goes wrong in a %s fails its run by name, and the other run goes on',
      },
      {
        file: 'test/cli/strayAbort.test.ts',
        name: 'a tool that throws when it is told to stop, because its run %s, harms no other run',
      },
      {
        file: 'test/flow/strays.test.ts',
        name: 'it is shown with its name, its stack and its facts, and a retry goes on: %s',
      },
    ],
  },
  {
    id: 'SE2',
    says: "One that has another origin is the program's own: it ends the process as it would without Troupe, unless somebody else listens for it. A command that runs other people's definitions (`reportOthers`) says it instead and goes on.",
    where: 'src/runtime/strays.ts',
    tests: [
      { file: 'test/cli/strays.test.ts', name: 'an error of the program itself ends it as always, with its stack' },
    ],
  },
  {
    id: 'WF1',
    says: 'A step begins when all steps before it have ended, and only then. What can begin begins at once, up to the limit of steps.',
    where: 'machines/workflow/workflow.ts',
    tests: [
      {
        file: 'test/workflow/engine/promises.test.ts',
        name: 'what does not depend on anything begins at once, up to the limit of steps',
      },
      {
        file: 'test/workflow/engine/rules.test.ts',
        name: 'whatever fails, is skipped and is tried again, a workflow ends as its rules say',
      },
    ],
  },
  {
    id: 'WF2',
    says: 'What begins, what is skipped and what was transformed is decided by one effect from the records of the steps that have ended. Records are never changed.',
    where: 'machines/workflow/workflow.ts',
    tests: [
      {
        file: 'test/workflow/engine/rules.test.ts',
        name: 'whatever fails, is skipped and is tried again, a workflow ends as its rules say',
      },
      {
        file: 'test/workflow/engine/crash.test.ts',
        name: 'a workflow with every kind of step has the same result after a crash at any point, and performs nothing twice',
      },
      {
        file: 'test/workflow/engine/crash.test.ts',
        name: 'two steps that send webhooks for the same list at once are not taken for each other',
      },
    ],
  },
  {
    id: 'WF3',
    says: 'The first step that fails, without more attempts and without leave to fail, ends the workflow. Steps under way are told to stop and have a grace period to do so.',
    where: 'machines/workflow/workflow.ts',
    tests: [
      { file: 'test/workflow/engine/promises.test.ts', name: 'the first step that fails ends the workflow' },
      {
        file: 'test/workflow/engine/rules.test.ts',
        name: 'whatever fails, is skipped and is tried again, a workflow ends as its rules say',
      },
      {
        file: 'test/workflow/engine/control.test.ts',
        name: 'a cancel at any moment ends the workflow and all that it has begun',
      },
    ],
  },
  {
    id: 'WF4',
    says: 'However it goes, the workflow ends: by its steps, a cancel, its deadline, its budget, or because nothing can happen any more.',
    where: 'machines/workflow/workflow.ts',
    tests: [
      {
        file: 'test/workflow/engine/rules.test.ts',
        name: 'whatever fails, is skipped and is tried again, a workflow ends as its rules say',
      },
      {
        file: 'test/workflow/engine/simulate.test.ts',
        name: 'on a journal %s, a workflow with every kind of step ends whatever goes wrong',
      },
      {
        file: 'test/workflow/engine/control.test.ts',
        name: 'a cancel at any moment ends the workflow and all that it has begun',
      },
      {
        file: 'test/workflow/engine/rules.test.ts',
        name: 'whatever a workflow does, its steps together never cost more than its budget',
      },
      {
        file: 'test/workflow/engine/promises.test.ts',
        name: 'a workflow that takes too long ends by its deadline, with a journal %s',
      },
    ],
  },
  {
    id: 'WF5',
    says: 'While it is paused no step begins. What was decided meanwhile is decided again when it goes on.',
    where: 'machines/workflow/workflow.ts',
    tests: [{ file: 'test/workflow/engine/control.test.ts', name: 'a pause at any moment begins nothing more' }],
  },
  {
    id: 'FL1',
    says: 'The body is let go on whenever something arrives for it, also while it is at work, and never waits for anything but what it has asked for.',
    where: 'machines/flow/flow.ts',
    tests: [
      { file: 'test/flow/durable.test.ts', name: 'a body that waits for something that is not recorded goes on' },
      { file: 'test/flow/durable.test.ts', name: 'signals are given once each' },
      {
        file: 'test/flow/durable.test.ts',
        name: 'a body that waits for something that is not recorded goes on when that comes, although nothing was under way',
      },
      {
        file: 'test/flow/branches.test.ts',
        name: 'what a body asks for is opened once, also when signals come all the time',
      },
    ],
  },
  {
    id: 'FL2',
    says: 'What it asks for is opened in the commit that takes its request; the same request is never opened twice.',
    where: 'machines/flow/flow.ts',
    tests: [
      { file: 'test/flow/durable.test.ts', name: 'a process that ends while a flow waits is followed by another one' },
      {
        file: 'test/flow/crash.test.ts',
        name: 'a flow with every kind of call has the same result after a crash at any point',
      },
      {
        file: 'test/flow/branches.test.ts',
        name: 'what a body asks for is opened once, also when signals come all the time',
      },
      {
        file: 'test/flow/simulate.test.ts',
        name: 'on a journal %s, a flow with every kind of call ends whatever goes wrong, and nothing is lost or performed twice',
      },
    ],
  },
  {
    id: 'FL3',
    says: 'However it goes, the flow ends: with what its body returns or throws, a cancel, a question that was withdrawn, or its deadline. Then its body has the time to stop that its effect gives it, and its children have a grace period. Children that are flows are waited for longer: each ends by itself, when it has cleaned up. One that has diverged while it was told to stop has not cleaned up: the flow fails with that, so that the code can be put right.',
    where: 'machines/flow/flow.ts',
    tests: [
      {
        file: 'test/flow/nonCancellable.test.ts',
        name: 'a parent ends when its children have undone what they did, as long as that may take',
      },
      { file: 'test/flow/durable.test.ts', name: 'a cancel stops what is under way' },
      { file: 'test/flow/durable.test.ts', name: 'a question that is withdrawn cancels the flow' },
      { file: 'test/flow/scenarios/durability.test.ts', name: 'a deadline ends a flow that takes too long' },
      { file: 'test/flow/scenarios/durability.test.ts', name: 'a cancel reaches everything that is under way' },
      {
        file: 'test/flow/durable.test.ts',
        name: 'a cancel stops what is under way, lets the body clean up, and ends the flow',
      },
      { file: 'test/flow/branches.test.ts', name: 'a flow that takes longer than its deadline ends' },
      { file: 'test/flow/branches.test.ts', name: 'a body that fails stops what is under way beside it' },
      { file: 'test/flow/branches.test.ts', name: 'a cancel is a cancel, although a branch is not awaited yet' },
    ],
  },
  {
    id: 'FL4',
    says: 'While it is paused the body begins no call. What arrives meanwhile is kept for it.',
    where: 'machines/flow/flow.ts',
    tests: [
      { file: 'test/flow/scenarios/durability.test.ts', name: 'a paused flow begins nothing' },
      { file: 'test/flow/branches.test.ts', name: 'while it is paused, work that waits for its turn is not begun' },
    ],
  },
  {
    id: 'FB1',
    says: 'The body is told the end of a call only when its record is stored, and of one call at a time: all that it does then comes before the next one. Run again with the same records it is told the same in the same order (`callSequence.ts`).',
    where: 'actors/flow/flowRun.ts',
    tests: [
      { file: 'test/flow/durable.test.ts', name: 'branches that end in another order' },
      {
        file: 'test/flow/crash.test.ts',
        name: 'a flow with every kind of call has the same result after a crash at any point',
      },
      {
        file: 'test/flow/durable.test.ts',
        name: 'branches that end in another order are told their results in the order of the first time',
      },
      {
        file: 'test/flow/scopes.test.ts',
        name: 'chance inside a checkpoint takes nothing from the chance of the body',
      },
      { file: 'test/flow/scopes.test.ts', name: '%s that is thrown is told the same when the body is run again' },
    ],
  },
  {
    id: 'FB2',
    says: 'Nothing is performed before all that is recorded was told, unless the body waits for it first: a body that has diverged does nothing (`heldCalls.ts`).',
    where: 'actors/flow/flowRun.ts',
    tests: [
      { file: 'test/flow/durable.test.ts', name: 'a body in which a call was %s stops with both sequences' },
      {
        file: 'test/flow/durable.test.ts',
        name: 'a body in which a call was %s stops with both sequences, and does nothing',
      },
      {
        file: 'test/flow/branches.test.ts',
        name: 'a body that now waits for what had not ended, before it makes a call that is recorded, goes on',
      },
    ],
  },
  {
    id: 'FB3',
    says: "A call that was performed and not recorded, because the process died, is performed again under the same key; one that must not be (`effect: 'write'`) is asked about, also where its time was up in the middle.",
    where: 'actors/flow/flowRun.ts',
    tests: [
      { file: 'test/flow/durable.test.ts', name: 'a write that must not happen twice is asked about' },
      { file: 'test/flow/scenarios/killed.test.ts', name: 'a process that is killed in the middle of a checkpoint' },
      {
        file: 'test/flow/crash.test.ts',
        name: 'a flow with every kind of call has the same result after a crash at any point',
      },
      { file: 'test/flow/durable.test.ts', name: 'attempts are counted over processes, and each has the same key' },
      { file: 'test/flow/scopes.test.ts', name: 'a write that is begun anew after an answer is asked about again' },
      { file: 'test/flow/lateWrite.test.ts', name: 'a write whose time is up in the middle is not begun again' },
    ],
  },
  {
    id: 'FB4',
    says: 'What a person, a pause or a child gives is recorded in the same sequence as what is performed here (`callArrivals.ts`).',
    where: 'actors/flow/flowRun.ts',
    tests: [
      { file: 'test/flow/durable.test.ts', name: 'signals are given once each' },
      { file: 'test/flow/scenarios/durability.test.ts', name: 'a sleep takes no process' },
      {
        file: 'test/flow/crash.test.ts',
        name: 'a flow with every kind of call has the same result after a crash at any point',
      },
      {
        file: 'test/flow/durable.test.ts',
        name: 'a process that ends while a flow waits is followed by another one, which performs nothing again',
      },
      {
        file: 'test/flow/durable.test.ts',
        name: 'signals are given once each, in the order in which they came, and wait for the body',
      },
      {
        file: 'test/flow/durable.test.ts',
        name: 'a child flow is a call of its own: it is durable, and is cancelled with its parent',
      },
    ],
  },
  {
    id: 'FB5',
    says: 'That it is to stop is recorded in the same sequence. From there on calls are refused, but for those of parts that a cancel does not reach; they are performed and recorded as any other, and gone on with in another process, until the body has ended or its time for that is over (`stopLimit.ts`).',
    where: 'actors/flow/flowRun.ts',
    tests: [
      {
        file: 'test/flow/nonCancellable.test.ts',
        name: 'a cancelled flow is killed at every point: what it undoes is undone all the same, once',
      },
      {
        file: 'test/flow/nonCancellable.test.ts',
        name: 'a flow that is cancelled at any moment undoes what it did, whatever goes wrong',
      },
      {
        file: 'test/flow/nonCancellable.test.ts',
        name: 'a clean-up that does not end has its time, and then the run is cancelled',
      },
      { file: 'test/flow/nonCancellable.test.ts', name: 'a flow that has nothing of that to do has ten seconds' },
      {
        file: 'test/flow/cleanUpGoesOn.test.ts',
        name: 'a body that waits for something else before a call, %s, goes on with its clean-up in the next process',
      },
      {
        file: 'test/flow/cleanUpGoesOn.test.ts',
        name: 'code that takes long before the place of the cancel does not take the time of the clean-up in the next process',
      },
    ],
  },
  {
    id: 'RB1',
    says: 'A call inside a nested checkpoint that has ended is left out: the body does not come there again.',
    where: 'src/flow/recordBook.ts',
    tests: [
      {
        file: 'test/flow/durable.test.ts',
        name: 'calls in a checkpoint are refused, and recorded each for itself in a nested one',
      },
      {
        file: 'test/flow/scopes.test.ts',
        name: 'names may hold anything; those of calls in a nested checkpoint are never taken for others',
      },
    ],
  },
  {
    id: 'RB2',
    says: 'After a retry, the rest of an earlier life is taken (`retriedSequence.ts`). A success that is performed again all the same is another call than it was: it has a key of its own.',
    where: 'src/flow/recordBook.ts',
    tests: [
      { file: 'test/flow/durable.test.ts', name: 'a flow that failed is retried from the checkpoint that failed' },
      {
        file: 'test/flow/scenarios/durability.test.ts',
        name: 'a retry of a flow goes on in the child that had failed',
      },
      {
        file: 'test/flow/durable.test.ts',
        name: 'a flow that failed is retried from the checkpoint that failed, with the code of today',
      },
      { file: 'test/flow/retry.test.ts', name: 'a call is performed again when one is that it had waited for' },
      {
        file: 'test/flow/retry.test.ts',
        name: 'retries that fail at other places go on from each of them; a question that had expired is asked anew',
      },
    ],
  },
  {
    id: 'RB3',
    says: 'After a retry of a body that had diverged and may be migrated, every success is taken where the body asks for it, but for those of a clean-up (RT4).',
    where: 'src/flow/recordBook.ts',
    tests: [
      {
        file: 'test/flow/durable.test.ts',
        name: 'a body that was changed and has diverged goes on with { migrate: true }',
      },
      {
        file: 'test/flow/durable.test.ts',
        name: 'a body that was changed and has diverged goes on with { migrate: true }: what is recorded is taken by id',
      },
    ],
  },
  {
    id: 'RT1',
    says: 'Made again are the call whose failure the body has thrown, in a nested checkpoint also the call whose failure that has thrown, every other call that failed and was not gone on from, and what was told to wait for one of them.',
    where: 'src/flow/retriedSequence.ts',
    tests: [
      {
        file: 'test/flow/failurePath.test.ts',
        name: 'in a nested checkpoint, what was called after the failure inside is made again',
      },
      { file: 'test/flow/retry.test.ts', name: 'a call is performed again when one is that it had waited for' },
    ],
  },
  {
    id: 'RT2',
    says: 'Made again is also what was called when the body was told of that failure, such as an undo or an unlock in `finally`, and what was called when it was told of that, and so on: it follows from the failure, also where it succeeded.',
    where: 'src/flow/retriedSequence.ts',
    tests: [
      {
        file: 'test/flow/failurePath.test.ts',
        name: 'what was called after the failure is made again, each time under a key of its own',
      },
      {
        file: 'test/flow/failurePath.test.ts',
        name: 'children and questions that followed from the failure are begun and asked anew',
      },
    ],
  },
  {
    id: 'RT3',
    says: 'What was called before is taken in its order, although it ended later: a branch beside the failure goes on from there. A success that was called later in such a branch is taken by its id, when the body asks for it.',
    where: 'src/flow/retriedSequence.ts',
    tests: [
      {
        file: 'test/flow/failurePath.test.ts',
        name: 'what was submitted and failed long before it was waited for does not make again what was called meanwhile',
      },
    ],
  },
  {
    id: 'RT4',
    says: 'Made again is what was called after the flow was told to stop, such as an undo: it belongs to the end of that life.',
    where: 'src/flow/retriedSequence.ts',
    tests: [
      {
        file: 'test/flow/nonCancellable.test.ts',
        name: 'after its deadline a flow undoes what it did; a retry does it again, and undoes it again under another key',
      },
    ],
  },
  {
    id: 'RP1',
    says: 'Performed anew are the call that is named, the calls that directly follow an overridden result, and all that follow these. Every other result is taken, also those of branches that only ran beside them. An overridden call is not performed.',
    where: 'src/flow/replayPlan.ts',
    tests: [
      { file: 'test/flow/replay.test.ts', name: 'a replay from a checkpoint reuses what came before' },
      { file: 'test/flow/replay.test.ts', name: 'an override is given instead of a result' },
      {
        file: 'test/flow/replay.test.ts',
        name: 'a replay from a checkpoint reuses what came before, and leaves its source as it was',
      },
      {
        file: 'test/flow/replay.test.ts',
        name: 'an override is given instead of a result, and everything that follows is performed anew',
      },
      {
        file: 'test/flow/replay.test.ts',
        name: 'in a nested checkpoint, only what follows an overridden result is performed anew',
      },
    ],
  },
  {
    id: 'RP2',
    says: 'A call follows the call at whose end the body made it, those that it was told to wait for, and every call before it after which the body had called nothing: it may be one of several that the body waited for together.',
    where: 'src/flow/replayPlan.ts',
    tests: [
      { file: 'test/flow/replay.test.ts', name: 'a branch that only ran beside is reused' },
      {
        file: 'test/flow/replay.test.ts',
        name: 'a branch that only ran beside is reused; every call that joins a result is performed anew',
      },
    ],
  },
  {
    id: 'RP3',
    says: 'A question is asked anew, unless its answer is overridden. A failure that the body had not gone on from is not taken.',
    where: 'src/flow/replayPlan.ts',
    tests: [
      { file: 'test/flow/replay.test.ts', name: 'a replay asks its questions anew' },
      {
        file: 'test/flow/replay.test.ts',
        name: 'a replay asks its questions anew, unless their answers are given; it survives the process',
      },
    ],
  },
  {
    id: 'RP4',
    says: 'The calls of a run that was retried are those of its last life: what only followed from a failure that was made good, such as an undo, is none of them.',
    where: 'src/flow/replayPlan.ts',
    tests: [
      {
        file: 'test/flow/replay.test.ts',
        name: 'the replay of a run that was retried knows only the calls that led to its end',
      },
    ],
  },
  {
    id: 'FO1',
    says: 'Items begin in the order of the list, so many at a time as the step says.',
    where: 'machines/workflow/fanOut.ts',
    tests: [{ file: 'test/workflow/engine/promises.test.ts', name: 'items begin in the order of the list' }],
  },
  {
    id: 'FO2',
    says: 'All items come to an end, also when one has failed: their number decides in the end whether the step has failed.',
    where: 'machines/workflow/fanOut.ts',
    tests: [
      { file: 'test/workflow/engine/promises.test.ts', name: 'an item that fails does not stop the others' },
      { file: 'test/workflow/engine/promises.test.ts', name: 'an item whose webhook may have arrived' },
    ],
  },
  {
    id: 'FO3',
    says: 'The results are in the order of the items. What was used by all of them is added up.',
    where: 'machines/workflow/fanOut.ts',
    tests: [
      { file: 'test/workflow/engine/promises.test.ts', name: 'items begin in the order of the list' },
      { file: 'test/workflow/engine/story.test.ts', name: 'a workflow with every kind of step ends with the outputs' },
    ],
  },
  {
    id: 'FO4',
    says: 'An item that failed is tried again by itself, after a pause, as often as the step says. Others go on meanwhile, and none that has ended is repeated.',
    where: 'machines/workflow/fanOut.ts',
    tests: [
      {
        file: 'test/workflow/engine/promises.test.ts',
        name: 'an item that failed is tried again by itself after a pause',
      },
      { file: 'test/workflow/engine/story.test.ts', name: 'a workflow with every kind of step ends with the outputs' },
      {
        file: 'test/workflow/engine/durability.test.ts',
        name: 'a crash in the middle of very many items that are %s repeats none that was finished',
      },
    ],
  },
  {
    id: 'AS1',
    says: 'The model is asked as often as the step says at most, and once more to correct a text that cannot be read; as often again after a person has decided on a call. No tools are offered in the last turn.',
    where: 'machines/workflow/agentStep.ts',
    tests: [
      {
        file: 'test/actors/workflow/agentStep.test.ts',
        name: 'every text that is no JSON object takes a turn, and one further call is free',
      },
      {
        file: 'test/actors/workflow/agentStep.test.ts',
        name: 'an agent with one turn is told at once that it is the last one',
      },
      { file: 'test/actors/workflow/agentStepTools.test.ts', name: 'no tools are offered in the last turn' },
      {
        file: 'test/workflow/kimitsu/approvals.test.ts',
        name: 'after a person has %s a call, the agent has all its turns again',
      },
      { file: 'test/workflow/kimitsu/approvals.test.ts', name: 'nobody deciding in time gives no turns' },
    ],
  },
  {
    id: 'AS2',
    says: 'What breaks the schema is corrected in one round, and a draft is reflected upon once. Every way ends with a judged end.',
    where: 'machines/workflow/agentStep.ts',
    tests: [
      {
        file: 'test/actors/workflow/agentStep.test.ts',
        name: 'is corrected in one round, whose prompt says what is wrong',
      },
      { file: 'test/actors/workflow/agentStep.test.ts', name: 'that cannot be read twice fails the step' },
      { file: 'test/actors/workflow/agentStep.test.ts', name: 'that breaks the schema twice fails' },
    ],
  },
  {
    id: 'AS3',
    says: 'Calls are made in their order, a write by itself. One that a person must allow is not made before, and whoever has begun the step is told that it waits.',
    where: 'machines/workflow/agentStep.ts',
    tests: [
      { file: 'test/actors/workflow/agentStepTools.test.ts', name: 'reads of one turn run together' },
      { file: 'test/actors/workflow/agentStepTools.test.ts', name: 'is made once it is approved' },
      { file: 'test/workflow/engine/story.test.ts', name: 'a workflow with every kind of step ends with the outputs' },
      { file: 'test/actors/workflow/agentStepSurvival.test.ts', name: 'a step with two writes %s' },
    ],
  },
  {
    id: 'AS4',
    says: 'No call of a model begins that could cost more than what is left of the budget.',
    where: 'machines/workflow/agentStep.ts',
    tests: [
      { file: 'test/actors/workflow/agentStep.test.ts', name: 'no call is made once the budget is spent' },
      { file: 'test/actors/workflow/agentStep.test.ts', name: 'no call is made that could cost more than is left' },
      {
        file: 'test/workflow/engine/rules.test.ts',
        name: 'whatever a workflow does, its steps together never cost more than its budget',
      },
    ],
  },
  {
    id: 'AS5',
    says: 'A sub-agent is an agent step of its own. Those that are called in a row work at once, eight at most. What it has used counts as used by the step, however it ends; its failure is one of a tool.',
    where: 'machines/workflow/agentStep.ts',
    tests: [
      { file: 'test/workflow/engine/subAgents.test.ts', name: 'what it uses is used by the step' },
      { file: 'test/workflow/engine/subAgents.test.ts', name: 'one budget holds for both' },
      {
        file: 'test/workflow/engine/subAgents.test.ts',
        name: 'a cancel reaches it, and the step says what it has used',
      },
      {
        file: 'test/workflow/engine/subAgents.test.ts',
        name: 'a sub-agent that %s is a failed tool for its caller, which goes on',
      },
      {
        file: 'test/workflow/engine/subAgents.test.ts',
        name: 'sub-agents that are called in a row work at once, beside no tool',
      },
      {
        file: 'test/workflow/engine/subAgents.test.ts',
        name: 'of many that are called in one turn eight work at once',
      },
      {
        file: 'test/workflow/engine/subAgents.test.ts',
        name: 'a cancel reaches all that are at work, and what each has used is counted',
      },
    ],
  },
  {
    id: 'EG1',
    says: 'What is not public is reached only when it was allowed, however its address is spelt, looked up or redirected to.',
    where: 'src/security/egress.ts',
    tests: [
      { file: 'test/security/spellings.test.ts', name: 'no spelling of an address that is not public is connected to' },
      { file: 'test/security/spellings.test.ts', name: 'no answer of a look-up that is not public is connected to' },
    ],
  },
  {
    id: 'EG2',
    says: 'A credential goes to no other origin than the one that it was given for.',
    where: 'src/security/egress.ts',
    tests: [
      { file: 'test/security/redirects.test.ts', name: 'another origin gets no credentials' },
      { file: 'test/security/redirects.test.ts', name: 'credentials do not come back' },
    ],
  },
  {
    id: 'EG3',
    says: 'A request ends: in its time, within its size, and when it is stopped.',
    where: 'src/security/egress.ts',
    tests: [
      { file: 'test/security/limits.test.ts', name: 'no request takes longer than the client allows' },
      { file: 'test/security/limits.test.ts', name: 'a body that never ends is denied at the limit' },
      { file: 'test/security/limits.test.ts', name: 'a request can be stopped before and while it runs' },
    ],
  },
  {
    id: 'SC1',
    says: 'What was set is what is read, by this process and by others, as soon as `set` has resolved.',
    where: 'src/secrets/secretStore.ts',
    tests: [
      {
        file: 'test/secrets/contract.test.ts',
        name: 'gives back what was set, also long, of several lines and in any script',
      },
      { file: 'test/secrets/file.test.ts', name: 'another process reads what was set as soon as it is acknowledged' },
    ],
  },
  {
    id: 'SC2',
    says: '`set` adds and replaces the keys that it is given and leaves the others. A private secret never becomes public.',
    where: 'src/secrets/secretStore.ts',
    tests: [
      {
        file: 'test/secrets/contract.test.ts',
        name: 'adds and replaces the keys that it is given, and leaves the others, the visibility and the time of making',
      },
      {
        file: 'test/secrets/contract.test.ts',
        name: 'never makes a private secret public, and makes a public one private',
      },
    ],
  },
  {
    id: 'SC3',
    says: 'What cannot be accepted changes nothing, and no error has a value in it.',
    where: 'src/secrets/secretStore.ts',
    tests: [{ file: 'test/secrets/contract.test.ts', name: 'refuses %s, changes nothing, and tells no value' }],
  },
  {
    id: 'SC4',
    says: 'The values of a secret are given to `onRead` before they are given to the caller.',
    where: 'src/secrets/secretStore.ts',
    tests: [
      {
        file: 'test/secrets/contract.test.ts',
        name: 'gives the values that are read to those who mask them, before the caller has them',
      },
    ],
  },
  {
    id: 'SC5',
    says: 'A secret that is printed, or turned into JSON, as a whole shows no values.',
    where: 'src/secrets/secretStore.ts',
    tests: [
      {
        file: 'test/secrets/contract.test.ts',
        name: 'shows no values of a secret that is printed or stored as a whole, and all of them where they are read',
      },
      { file: 'test/secrets/frontDoor.test.ts', name: 'a tool that returns a secret by mistake stores no value of it' },
    ],
  },
  {
    id: 'SF1',
    says: 'Without the key the file tells of a secret its name, how many bytes it has and which key it needs. Nothing in it can be changed unnoticed.',
    where: 'src/secrets/file/fileSecrets.ts',
    tests: [
      {
        file: 'test/secrets/file.test.ts',
        name: 'the file shows the name and neither values nor names of keys, visibility or times, and only its owner may read it',
      },
      { file: 'test/secrets/file.test.ts', name: 'the same value is never encrypted to the same bytes' },
      { file: 'test/secrets/file.test.ts', name: 'is found: %s' },
    ],
  },
  {
    id: 'SF2',
    says: 'A change is made whole or not at all, whenever the process is killed; one that was acknowledged stays.',
    where: 'src/secrets/file/fileSecrets.ts',
    tests: [
      {
        file: 'test/secrets/crash.test.ts',
        name: '%s that a kill interrupts at any point is made or not, and can be made again',
      },
      {
        file: 'test/secrets/writers.test.ts',
        name: 'a process that is killed while it writes loses nothing that it had acknowledged, and the next one goes on',
      },
    ],
  },
  {
    id: 'SF3',
    says: 'Of two processes that write at once, neither takes back what the other one wrote.',
    where: 'src/secrets/file/fileSecrets.ts',
    tests: [
      {
        file: 'test/secrets/writers.test.ts',
        name: 'of several processes that write at once, from the first secret on, none takes back what another one wrote',
      },
      {
        file: 'test/secrets/writers.test.ts',
        name: 'a process that stood still while others wrote does not take their changes back',
      },
      { file: 'test/secrets/writers.test.ts', name: 'writes of one process that are begun at once are all made' },
    ],
  },
  {
    id: 'SF4',
    says: 'What is damaged, or is encrypted with a key that is not here, is named, and is never written over.',
    where: 'src/secrets/file/fileSecrets.ts',
    tests: [
      { file: 'test/secrets/file.test.ts', name: 'is found: %s' },
      { file: 'test/secrets/file.test.ts', name: 'that is %s is named, and never written over' },
      {
        file: 'test/secrets/file.test.ts',
        name: 'another key is told from a damaged file, and nothing is written with it',
      },
      { file: 'test/secrets/file.test.ts', name: 'a lost key file is named, and no other one is made' },
    ],
  },
  {
    id: 'SF5',
    says: 'A rotation that is interrupted leaves every secret readable, and can simply be repeated.',
    where: 'src/secrets/file/fileSecrets.ts',
    tests: [
      {
        file: 'test/secrets/crash.test.ts',
        name: '%s that a kill interrupts at any point is made or not, and can be made again',
      },
      {
        file: 'test/secrets/keys.test.ts',
        name: 'gets a new key by a rotation, keeps the old ones, and all projects that use it can still be read',
      },
    ],
  },
  {
    id: 'DS1',
    says: 'A record is written only over the revision that its writer has read. Of two writers at once one is stored, and the other one gets `conflict`.',
    where: 'src/deployments/store/store.ts',
    tests: [
      {
        file: 'test/deployments/storeSuite.ts',
        name: 'a record that has changed since it was read is not written over',
      },
      {
        file: 'test/deployments/storeSuite.ts',
        name: 'of many writers at once that have read the same record, one is stored',
      },
      {
        file: 'test/deployments/storeSuite.ts',
        name: 'a change that reads and writes is lost by none of many writers at once',
      },
      {
        file: 'test/deployments/stores.test.ts',
        name: 'a writer that was stopped between reading and writing, while hundreds of others wrote, is refused',
      },
    ],
  },
  {
    id: 'DS2',
    says: 'A reader gets a whole record, that of before a change or that of after it: never none, and never a part.',
    where: 'src/deployments/store/store.ts',
    tests: [{ file: 'test/deployments/storeSuite.ts', name: 'a reader gets a whole record while others write it' }],
  },
  {
    id: 'DS3',
    says: 'A record that was written is there when the store is opened again. A writer that is killed in the middle leaves the record of before.',
    where: 'src/deployments/store/store.ts',
    tests: [
      {
        file: 'test/deployments/storeSuite.ts',
        name: 'a record that was written is there when the store is opened again',
      },
      {
        file: 'test/deployments/stores.test.ts',
        name: 'what a killed writer has left is no record, and hinders no writer',
      },
    ],
  },
  {
    id: 'DP1',
    says: 'A version gets the next number, and no number is given twice, however many processes deploy at once.',
    where: 'src/deployments/deployments.ts',
    tests: [
      { file: 'test/deployments/versions.test.ts', name: 'many deploys at once give as many versions' },
      { file: 'test/deployments/versions.test.ts', name: 'the number of a deleted version is not given again' },
    ],
  },
  {
    id: 'DP2',
    says: 'An exclusive tag is on one version at every moment, also while it is moved. `default` is on one from the first version on.',
    where: 'src/deployments/deployments.ts',
    tests: [
      {
        file: 'test/deployments/versions.test.ts',
        name: 'who asks while the default is being moved gets one of the two versions, never none',
      },
      {
        file: 'test/deployments/versions.test.ts',
        name: 'the first version is the default, and the second one is not',
      },
    ],
  },
  {
    id: 'DP3',
    says: 'A version is not deleted while it has an exclusive tag.',
    where: 'src/deployments/deployments.ts',
    tests: [{ file: 'test/deployments/versions.test.ts', name: 'a version with an exclusive tag is not deleted' }],
  },
  {
    id: 'BF1',
    says: 'Code is loaded only as it was deployed: a bundle whose files were changed, added or lost is refused.',
    where: 'src/deployments/bundleFolder.ts',
    tests: [{ file: 'test/deployments/bundles.test.ts', name: 'a bundle in which %s is refused' }],
  },
  {
    id: 'SD1',
    says: 'A due time that is to be run starts one run, however many processes look at once and whichever is killed in between: it is written down first, under one key.',
    where: 'src/deployments/schedules/scheduler.ts',
    tests: [
      { file: 'test/deployments/schedules.test.ts', name: 'processes that look at once start each due time once' },
      {
        file: 'test/deployments/schedules.test.ts',
        name: 'a run that was written down by a process that was killed before it started it is started by the next one',
      },
      {
        file: 'test/deployments/schedules.test.ts',
        name: 'a run whose process was killed goes on in another one, under the same key',
      },
    ],
  },
  {
    id: 'PD1',
    says: 'What was deployed is what runs, whatever has become of its file. A run goes on with the code that it was begun with, in whatever process, wherever the tags are.',
    where: 'src/cli/pinnedDefinition.ts',
    tests: [
      {
        file: 'test/cli/deployments.test.ts',
        name: 'a deployed version runs its own code after its file was changed and deleted',
      },
      {
        file: 'test/cli/deployments.test.ts',
        name: 'a run goes on in another process with the code that it was begun with',
      },
      {
        file: 'test/cli/deployments.test.ts',
        name: 'a run that failed is retried with the code that it was begun with',
      },
      { file: 'test/cli/deploymentHttp.test.ts', name: 'a server goes on with no run of a deployment' },
    ],
  },
  {
    id: 'AD1',
    says: 'A call whose end is recorded is not performed again: the framework is given what it was given before, also what failed.',
    where: 'src/adapters/savePoint.ts',
    tests: [
      {
        file: 'test/adapters/aiSdk.test.ts',
        name: 'each call of the model and of a tool is a checkpoint, and none is performed again by another process',
      },
      {
        file: 'test/adapters/aiSdk.test.ts',
        name: 'tools that are called at once are checkpoints of their own, and one that fails is told to the model',
      },
      {
        file: 'test/adapters/openaiAgents.test.ts',
        name: 'each call of the model and of a tool is a checkpoint, and none is performed again by another process',
      },
      {
        file: 'test/adapters/langgraph.test.ts',
        name: 'each call of the model and of a tool is a checkpoint, also of tools that are called at once',
      },
      {
        file: 'test/adapters/claudeAgent.test.ts',
        name: 'an invocation is one checkpoint, and another one goes on with its session after a person has answered elsewhere',
      },
    ],
  },
  {
    id: 'AD2',
    says: 'Inside a checkpoint of the user, nothing is recorded beside it: the call is performed, and facts about it are metadata of that checkpoint.',
    where: 'src/adapters/savePoint.ts',
    tests: [
      { file: 'test/adapters/aiSdk.test.ts', name: 'inside a checkpoint of the user an agent is a part of it' },
      {
        file: 'test/adapters/aiSdk.test.ts',
        name: 'a turn as one checkpoint has its calls as metadata, and streams while it is performed',
      },
      {
        file: 'test/adapters/openaiAgents.test.ts',
        name: 'a run as one checkpoint streams while it is performed, and has its calls as metadata',
      },
    ],
  },
  {
    id: 'AD3',
    says: 'What is captured never changes what is recorded, and a capture that fails never fails the call.',
    where: 'src/adapters/savePoint.ts',
    tests: [
      {
        file: 'test/adapters/aiSdk.test.ts',
        name: 'prompts and arguments are saved as artifacts, as the policy says, and one that cannot be saved changes nothing',
      },
    ],
  },
  {
    id: 'LR1',
    says: 'A page begins after the last run of the page before, in the order of their last change and then of their address. A run that has not changed since is listed once.',
    where: 'src/client/executionsPage.ts',
    tests: [
      {
        file: 'test/client/lists.test.ts',
        name: 'runs that were changed in the same millisecond are each listed once',
      },
      {
        file: 'test/client/lists.test.ts',
        name: 'a run that begins while somebody goes through the pages moves no other one out of them',
      },
    ],
  },
  {
    id: 'LR2',
    says: 'A page reads about as many runs as it lists, whatever the number of those that are stored.',
    where: 'src/client/executionsPage.ts',
    tests: [
      {
        file: 'test/client/lists.test.ts',
        name: 'a page of many runs reads about as many as it lists, also those of one definition and one status',
      },
    ],
  },
  {
    id: 'LL1',
    says: 'The place of a line is fixed when it is stored: what comes later has a higher one, and a later reading gives the same lines at the same places.',
    where: 'src/client/logLines.ts',
    tests: [
      {
        file: 'test/client/logPlaces.test.ts',
        name: 'a log only grows: what was given before is the beginning of what is given later, also after a failure and a retry',
      },
      { file: 'test/client/logPlaces.test.ts', name: 'a log in memory has its lines at fixed places as well' },
    ],
  },
  {
    id: 'LL2',
    says: 'What is read are the first lines of the run, without a gap, although it goes on between the readings of the journal: commits are read before what they are told with, and what was stored after a commit that was missed is left for the next reading.',
    where: 'src/client/logLines.ts',
    tests: [
      {
        file: 'test/client/logReadings.test.ts',
        name: 'of a run that goes on between any two readings of the journal, each line is followed once',
      },
      {
        file: 'test/client/logReadings.test.ts',
        name: 'lines that are asked for part by part, each after the last one, are all lines',
      },
    ],
  },
  {
    id: 'DL1',
    says: "A dead letter is never changed or deleted: a mark is another entry of the root's list. It is left in the inbox of the run, from any process, and put into the list by the process that has the run; an earlier version does the same, because it knows no such recipient.",
    where: 'src/contracts/deadLetterMark.ts',
    tests: [
      {
        file: 'test/client/deadLetters.test.ts',
        name: 'a letter that was redriven is taken once, says when and by whom, is not listed any more, and is not redriven again',
      },
      {
        file: 'test/client/deadLetters.test.ts',
        name: 'a letter of a run that has ended cannot be redriven, and can be dropped',
      },
    ],
  },
  {
    id: 'DL2',
    says: 'The first mark of a kind counts, whichever process wrote it.',
    where: 'src/contracts/deadLetterMark.ts',
    tests: [
      {
        file: 'test/client/deadLetters.test.ts',
        name: 'of several processes that redrive a letter at once one does, the others are refused, and the message is taken once',
      },
    ],
  },
  {
    id: 'CL1',
    says: 'What is told to a run is stored first, so that it holds whichever process has the run, and when none has.',
    where: 'src/client/runControl.ts',
    tests: [
      {
        file: 'test/client/processes.test.ts',
        name: 'an answer is kept when the process of the run is gone, and the next process goes on with it',
      },
      {
        file: 'test/client/processes.test.ts',
        name: 'a signal is kept when the process of the run is gone',
      },
      { file: 'test/client/processes.test.ts', name: 'a cancel is kept when the process of the run is gone' },
    ],
  },
  {
    id: 'CL2',
    says: 'A client that has the definitions goes on at once with a run that no process has, once there is something for it.',
    where: 'src/client/runControl.ts',
    tests: [
      {
        file: 'test/client/processes.test.ts',
        name: 'a client with the definitions goes on at once with a run that no process has',
      },
      { file: 'test/client/processes.test.ts', name: 'of two processes that resume a run at once, one has it' },
    ],
  },
  {
    id: 'CA1',
    says: 'A part that is asked for again, because its answer was lost, is the same part.',
    where: 'src/cluster/control/parts.ts',
    tests: [
      {
        file: 'test/cluster/control.test.ts',
        name: 'a part that is asked for twice is the same part, and any other part is refused',
      },
    ],
  },
  {
    id: 'CA2',
    says: 'An answer that nobody asks for any longer is given up after a minute.',
    where: 'src/cluster/control/parts.ts',
    tests: [
      {
        file: 'test/cluster/control.test.ts',
        name: 'an answer that nobody asks for any longer is given up after a minute',
      },
    ],
  },
  {
    id: 'AT1',
    says: 'Only a hash is stored: who reads the files cannot use the tokens. A token has 256 bits of chance, so that it cannot be found from its hash.',
    where: 'src/doors/http/control/accessTokens.ts',
    tests: [
      {
        file: 'test/doors/control/accessTokens.test.ts',
        name: 'the folder has nothing by which a token could be used, and nobody else may read it',
      },
    ],
  },
  {
    id: 'AT2',
    says: 'A token that was removed, replaced or has expired stops working at once, in every process that uses the folder; one that was replaced and is kept, when that time is up.',
    where: 'src/doors/http/control/accessTokens.ts',
    tests: [
      {
        file: 'test/doors/control/accessTokens.test.ts',
        name: 'a token that was rotated works on for as long as it was kept, and no longer than it was to live',
      },
      {
        file: 'test/doors/control/accessTokens.test.ts',
        name: 'a token is accepted until it is removed, by every process that uses the folder',
      },
      {
        file: 'test/doors/control/accessTokens.test.ts',
        name: 'a token that was rotated stops working at once, and the new one lives as long as the old one was to live',
      },
    ],
  },
  {
    id: 'AT3',
    says: 'A file is written whole or not at all, and two tokens never have the same name.',
    where: 'src/doors/http/control/accessTokens.ts',
    tests: [
      {
        file: 'test/doors/control/accessTokens.test.ts',
        name: 'two tokens made under one name at once: one of them is refused',
      },
      { file: 'test/doors/control/accessTokens.test.ts', name: 'a file that is damaged is no token' },
    ],
  },
];
