import { parameters } from '#shared/experiment/parameters'
import type { Probe } from '../probe'
import { ok, sizeText, verdict, type CheckOf, type HostUnderCheck } from './check'
import { expectedService } from './expected-service'

/** Below this an agent shares its core with everything else, and the times that it measures suffer. */
const wantedCores = 2
/** An agent without a stored byte, B: Node with the program, and buffers for packets in flight. */
const agentBytes = 300e6
/** Two runtimes (125 MB each) and two versions while one takes the other's place, the compressed upload, and room for logs, B. */
const installationBytes = 500e6
/** The package of llama.cpp, compressed, and two of it unpacked while one takes the other's place, B. */
const llamaBytes = 100e6
/** Records of a long trial that the console has not fetched yet, B. */
const journalBytes = 500e6

export const cpuCheck: CheckOf = {
  id: 'cpu',
  title: 'Processor',
  judge: ({ probe }) => {
    const cores = Number(probe.one('cores'))
    const named = probe.lines('lscpu').find((line) => line.startsWith('Model name:'))
    const model = probe.one('cpu') || (named ?? '').slice('Model name:'.length).trim() || 'unknown processor'
    const needed = `${wantedCores} cores`
    if (!Number.isInteger(cores) || cores < 1)
      return verdict('warning', model, needed, 'The number of cores could not be read.')
    const found = `${model}, ${cores} ${cores === 1 ? 'core' : 'cores'}`
    const advice = 'It works, but latencies are those of a busy machine: use one with more cores.'
    return verdict(cores < wantedCores ? 'warning' : 'ok', found, needed, advice)
  },
}

/** Memory that the satellites of a host may fill, at the sizes that experiments have unless they say otherwise, B. */
export function satelliteBytes(planes: number): number {
  return planes * parameters.slots.default * parameters.satellite_bytes.default
}

export const memoryCheck: CheckOf = {
  id: 'memory',
  title: 'Memory',
  judge: ({ probe, planes }) => {
    const [total, available] = ['MemTotal', 'MemAvailable'].map((key) => kibibytesOf(probe, key))
    const wanted = agentBytes + satelliteBytes(planes)
    const stored =
      planes === 0
        ? ''
        : ` (of it ${sizeText(satelliteBytes(planes))} for full satellites of ${planesText(planes)})`
    const needed = `${sizeText(wanted)} available${stored}`
    if (total === undefined || available === undefined)
      return verdict('warning', '', needed, 'It could not be read.')
    const found = `${sizeText(available)} available of ${sizeText(total)}`
    if (available < agentBytes)
      return verdict('failed', found, needed, 'End other programs there, or use a machine with more memory.')
    const advice =
      'End other programs there, or give satellites less: satellite_bytes or slots of the experiment, fewer planes on this host.'
    return verdict(available < wanted ? 'warning' : 'ok', found, needed, advice)
  },
}

export const diskCheck: CheckOf = {
  id: 'disk',
  title: 'Disk',
  judge: (subject) => {
    const { host, probe } = subject
    const isSystem = expectedService(subject) === 'system'
    const free = freeBytes(probe, isSystem ? 'disk_system' : 'disk_home')
    const place = isSystem ? '/opt' : probe.one('home') || 'home'
    const runsModels = host.role === 'inference' && host.models
    const wanted =
      installationBytes + (host.role === 'inference' ? journalBytes : 0) + (runsModels ? llamaBytes : 0)
    const reason =
      host.role === 'inference' ? 'agent, runtimes, logs and records of trials' : 'agent, runtimes and logs'
    const beside = runsModels ? ' and llama.cpp, beside the models' : ''
    const needed = `${sizeText(wanted)} free for ${reason}${beside}`
    if (free === null) return verdict('warning', '', needed, `The free space of ${place} could not be read.`)
    return verdict(
      free < wanted ? 'failed' : 'ok',
      `${sizeText(free)} free in ${place}`,
      needed,
      `Make room in ${place}.`,
    )
  },
}

export const homeCheck: CheckOf = {
  id: 'home',
  title: 'Home directory',
  judge: ({ probe }) => {
    const home = probe.one('home')
    const needed = 'a folder that the user may write'
    const access = probe.lines('home_access')
    if (home === '' || !access.includes('folder')) {
      return verdict(
        'failed',
        home === '' ? 'none' : `${home} is missing`,
        needed,
        'Make the home directory of the user.',
      )
    }
    if (access.includes('writable')) return ok(home, needed)
    return verdict(
      'failed',
      `${home} cannot be written`,
      needed,
      'Mount it writable, and give it to the user.',
    )
  },
}

const planesText = (planes: number): string => `${planes} ${planes === 1 ? 'plane' : 'planes'}`

function kibibytesOf(probe: Probe, key: string): number | undefined {
  const [, value] =
    /^\w+: +(\d+) kB$/.exec(probe.lines('memory').find((line) => line.startsWith(`${key}:`)) ?? '') ?? []
  return value === undefined ? undefined : Number(value) * 1_024
}

/** Of the last line of `df -Pk`: blocks of 1024 bytes; names of devices and places may hold spaces. */
function freeBytes(probe: Probe, part: string): number | null {
  const [, free] = / \d+ +\d+ +(-?\d+) +\d+% /.exec(probe.lines(part).at(-1) ?? '') ?? []
  return free === undefined ? null : Number(free) * 1_024
}

export type { HostUnderCheck }
