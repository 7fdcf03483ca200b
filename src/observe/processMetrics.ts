/** What the process itself uses: processor, memory, and how long its event loop was held up. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { gauge, type Metric } from './metricsText.ts';

/** Milliseconds between two samples of the event loop; a sample that is not late takes as long. */
const resolution = 20;

/** Reads the process at each call. The first call begins to sample the event loop, so that a process that nobody scrapes does not. */
export function processMetrics(): () => Metric[] {
  let delays: ReturnType<typeof monitorEventLoopDelay> | undefined;
  return () => {
    if (!delays) {
      delays = monitorEventLoopDelay({ resolution });
      delays.enable();
    }
    const { user, system } = process.cpuUsage();
    const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolution / 1e3);
    const hasSamples = delays.count > 0;
    const [p50, p99, max] = hasSamples ? [delays.percentile(50), delays.percentile(99), delays.max] : [0, 0, 0];
    delays.reset();
    return [
      counter('process_cpu_seconds_total', 'Processor time of this process, in seconds.', (user + system) / 1e6),
      gauge('process_resident_memory_bytes', 'Resident memory of this process.', process.memoryUsage.rss()),
      gauge(
        'process_start_time_seconds',
        'When this process started, in seconds since 1970.',
        performance.timeOrigin / 1e3,
      ),
      counter(
        'troupe_event_loop_active_seconds_total',
        'How long the event loop was at work and not waiting.',
        performance.eventLoopUtilization().active / 1e3,
      ),
      gauge(
        'troupe_event_loop_delay_p50_seconds',
        'How late the event loop was since the last scrape: half of the samples were later.',
        seconds(p50),
      ),
      gauge(
        'troupe_event_loop_delay_p99_seconds',
        'How late the event loop was since the last scrape: one sample of a hundred was later.',
        seconds(p99),
      ),
      gauge(
        'troupe_event_loop_delay_max_seconds',
        'How late the event loop was since the last scrape, at most.',
        seconds(max),
      ),
    ];
  };
}

const counter = (name: string, help: string, value: number): Metric => ({
  name,
  help,
  type: 'counter',
  samples: [{ value }],
});
