import type { LabHost, LabState } from '#shared/contract/console-api'
import { formatDuration, formatMs, notMeasured } from './units'

export type Tone = 'ok' | 'busy' | 'warn' | 'bad' | 'idle'

export function labLabel(state: LabState | null): string {
  switch (state?.kind) {
    case undefined:
      return 'connecting'
    case 'stopped':
      return 'stopped'
    case 'starting':
      return 'starting'
    case 'running':
      return state.name
    case 'stopping':
      return 'stopping'
    case 'failed':
      return 'failed'
  }
}

/** The lab that a state is about; null where it does not say. */
export function labNameOf(state: LabState | null): string | null {
  return state !== null && 'name' in state ? state.name : null
}

export function labTone(state: LabState | null): Tone {
  switch (state?.kind) {
    case undefined:
    case 'starting':
    case 'stopping':
      return 'busy'
    case 'stopped':
      return 'idle'
    case 'running':
      return 'ok'
    case 'failed':
      return 'bad'
  }
}

export function hostTone(host: LabHost): Tone {
  switch (host.state.kind) {
    case 'starting':
    case 'restarting':
      return 'busy'
    case 'healthy':
      return host.state.peersConnected < host.state.peersExpected ? 'warn' : 'ok'
    case 'unreachable':
      return 'warn'
    case 'stopped_by_hand':
    case 'removed':
      return 'warn'
    case 'crashed':
      return 'bad'
    case 'stopped':
      return 'idle'
  }
}

/** What a host says of itself while it is well. */
export function healthy({ state }: LabHost): Extract<LabHost['state'], { kind: 'healthy' }> | null {
  return state.kind === 'healthy' ? state : null
}

/** Hosts that it is connected to, of those that there are. */
export function peersLabel(host: LabHost): string {
  const state = healthy(host)
  return state ? `${state.peersConnected}/${state.peersExpected}` : notMeasured
}

export function hostsTone(hosts: readonly LabHost[]): Tone {
  const tones = hosts.map(hostTone)
  for (const tone of ['bad', 'busy', 'warn'] as const) if (tones.includes(tone)) return tone
  return tones.includes('ok') ? 'ok' : 'idle'
}

export function roleLabel(role: LabHost['role']): string {
  switch (role) {
    case 'satellite':
      return 'Satellite host'
    case 'inference':
      return 'Inference host'
  }
}

/** What a state of a host is called. @param now Unix ms */
export function hostStateLabel(host: LabHost, now: number): string {
  const { state } = host
  switch (state.kind) {
    case 'unreachable':
      return `unreachable, ${nextAttempt(state, now)}`
    case 'stopped_by_hand':
      return 'stopped'
    case 'restarting':
      return state.isUpdate ? 'being updated' : 'restarting'
    case 'starting':
    case 'healthy':
    case 'crashed':
    case 'removed':
    case 'stopped':
      return state.kind
  }
}

/** What brings an agent back that does not run, while the lab does; null where nothing is to be done. */
export function wayBack({ state }: LabHost): 'Restart' | 'Start' | null {
  switch (state.kind) {
    case 'crashed':
      return 'Restart'
    case 'stopped_by_hand':
      return 'Start'
    case 'starting':
    case 'restarting':
    case 'healthy':
    case 'unreachable':
    case 'removed':
    case 'stopped':
      return null
  }
}

/** When the way to an unreachable host is looked for again. */
export function nextAttempt(state: Extract<LabHost['state'], { kind: 'unreachable' }>, now: number): string {
  if (state.nextAttemptAt === null) return 'trying now'
  const seconds = Math.ceil((state.nextAttemptAt - now) / 1000)
  return seconds <= 0 ? 'trying now' : `next try in ${formatDuration(seconds)}`
}

/** A clock against this machine's: `+1.7 ms ± 0.2 ms`. */
export function clockLabel(clock: LabHost['clock']): string {
  if (clock === null) return notMeasured
  const sign = clock.offsetMs > 0 ? '+' : ''
  return `${sign}${formatMs(clock.offsetMs)} ± ${formatMs(clock.uncertaintyMs)}`
}

/** Planes as a short list: 0, or 0–4, or 0, 2. */
export function planesLabel(planes: readonly number[]): string {
  if (planes.length === 0) return notMeasured
  const contiguous = planes.length > 2 && planes.every((plane, i) => i === 0 || plane === planes[i - 1]! + 1)
  return contiguous ? `${planes[0]}–${planes.at(-1)}` : planes.join(', ')
}
