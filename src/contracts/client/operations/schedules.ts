/** What can be done with schedules. */
import { Execution } from '../execution.ts';
import { ScheduleBackfill, ScheduleInfo, ScheduleOverlap } from '../schedules.ts';
import { answers, operationFields } from './fields.ts';
import { declareOperation } from './operation.ts';

const { json, text } = operationFields;
const { all, nothing } = answers;

const scheduleName = text().describe('The name of the schedule.');

/** The operations of schedules, by their names. */
export const scheduleOperations = {
  'schedules.list': declareOperation({
    summary: 'Lists schedules, with when each is due next and the runs that it has started.',
    input: {},
    output: all(ScheduleInfo),
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/schedules' },
    tool: 'troupe_schedules_list',
    perform: async (client) => ({ items: await client.schedules.list() }),
  }),
  'schedules.get': declareOperation({
    summary: 'A schedule.',
    input: { name: scheduleName },
    output: ScheduleInfo,
    reads: true,
    access: 'client',
    http: { method: 'GET', path: '/v1/schedules/{name}' },
    tool: 'troupe_schedules_get',
    perform: (client, { name }) => client.schedules.get(name),
  }),
  'schedules.create': declareOperation({
    summary: 'Makes a schedule, which starts runs of a deployment at the times of a cron expression.',
    input: {
      name: scheduleName,
      cron: text().describe('Five fields, or six with seconds first, such as `0 9 * * 1-5`.'),
      deployment: text().describe('`desk`, `desk@canary` for a tag, or `desk@3` for a version.'),
      timezone: text().exactOptional().describe('Such as `Europe/Berlin`; `UTC` by default.'),
      input: json('The input of each run; the default input of the version without it.').exactOptional(),
      overlap: ScheduleOverlap.exactOptional().describe(
        'What happens when a run is due while the one before is at work; `skip` by default.',
      ),
      backfill: ScheduleBackfill.exactOptional().describe(
        'What is made up for that was due while no process looked; `none` by default.',
      ),
    },
    output: ScheduleInfo,
    reads: false,
    access: 'admin',
    http: { method: 'POST', path: '/v1/schedules' },
    tool: 'troupe_schedules_create',
    perform: (client, { name, ...options }) => client.schedules.create(name, options),
  }),
  'schedules.pause': declareOperation({
    summary: 'Starts nothing of a schedule until it is resumed.',
    input: { name: scheduleName },
    output: ScheduleInfo,
    reads: false,
    repeats: true,
    access: 'admin',
    http: { method: 'POST', path: '/v1/schedules/{name}/pause' },
    tool: 'troupe_schedules_pause',
    perform: (client, { name }) => client.schedules.pause(name),
  }),
  'schedules.resume': declareOperation({
    summary: 'Goes on with a schedule. What was due while it was paused is not made up for.',
    input: { name: scheduleName },
    output: ScheduleInfo,
    reads: false,
    repeats: true,
    access: 'admin',
    http: { method: 'POST', path: '/v1/schedules/{name}/resume' },
    tool: 'troupe_schedules_resume',
    perform: (client, { name }) => client.schedules.resume(name),
  }),
  'schedules.start': declareOperation({
    summary: 'Starts a run of a schedule now, whatever else is at work.',
    input: { name: scheduleName },
    output: Execution,
    reads: false,
    access: 'client',
    http: { method: 'POST', path: '/v1/schedules/{name}/start' },
    tool: 'troupe_schedules_start',
    perform: (client, { name }) => client.schedules.start(name),
  }),
  'schedules.delete': declareOperation({
    summary: 'Removes a schedule. Its runs go on.',
    input: { name: scheduleName },
    output: nothing,
    reads: false,
    destroys: true,
    access: 'admin',
    http: { method: 'DELETE', path: '/v1/schedules/{name}' },
    tool: 'troupe_schedules_delete',
    perform: async (client, { name }) => (await client.schedules.delete(name), {}),
  }),
};
