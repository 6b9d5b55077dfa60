import type { LabHosts } from '../hosts/lab-hosts'
import type { SatelliteRow } from '../store/record-store'
import type { AttemptHost } from '../store/run-store'

/** The last counters of every satellite; of hosts that were lost, what they last said in this trial. @param startedAt of the trial, Unix ms */
export function lastCounters(lab: LabHosts, startedAt: number): SatelliteRow[] {
  return [...lab.samples()].flatMap(([host, sample]) =>
    sample.at < startedAt ? [] : sample.satellites.map((counters) => ({ host, ...counters })),
  )
}

/** The hosts as they were at the end of a trial: what its manifest says of them. @param startedAt of the trial, Unix ms */
export function hostsAtEnd(lab: LabHosts, startedAt: number): AttemptHost[] {
  const samples = lab.samples()
  return lab.hosts().map(({ hostId, role, planes, hardware, clock, state }) => {
    const sample = samples.get(hostId)
    return {
      hostId,
      role,
      planes,
      hardware,
      clock,
      version: state.kind === 'healthy' ? state.version : '',
      nodeVersion: state.kind === 'healthy' ? state.nodeVersion : '',
      delay: sample && sample.at >= startedAt ? sample.delay : null,
      model: (sample && sample.at >= startedAt && sample.model) || null,
    }
  })
}
