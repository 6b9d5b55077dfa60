import type { Hello } from '#shared/contract/agent-control'
import type { LabHost } from '#shared/contract/console-api'
import type { AgentEnding } from '../provisioning/services/service-control'
import type { Away } from './host-link'

/** How a host behind SSH is shown: values in, values out. */

export type HostState = LabHost['state']

export type Ending =
  | Exclude<AgentEnding, { kind: 'crashed' }>
  /** With the newest lines of its log; none where it cannot be read. */
  | { readonly kind: 'crashed'; readonly lastLines: string[] }

export function newHost({
  hostId,
  role,
  planes,
  address,
}: Pick<LabHost, 'hostId' | 'role' | 'address'> & { readonly planes: readonly number[] }): LabHost {
  return {
    hostId,
    role,
    planes: [...planes],
    address,
    hardware: null,
    telemetry: null,
    clock: null,
    state: { kind: 'stopped' },
  }
}

export function healthyState(
  { pid, version, nodeVersion, startedAt }: Hello,
  measured: Pick<
    Extract<HostState, { kind: 'healthy' }>,
    'rssBytes' | 'cpuLoad' | 'peersConnected' | 'peersExpected'
  >,
): HostState {
  return { kind: 'healthy', pid, version, nodeVersion, startedAt, ...measured }
}

export const awayState = (away: Away): HostState => ({ kind: 'unreachable', ...away })

/** The connection is there, and nothing has come over it for so long: a cut cable is known by this long before TCP gives up. */
export function silentState(state: HostState, silentMs: number, now: number): HostState {
  if (state.kind === 'unreachable') return { ...state, attempts: state.attempts + 1 }
  const reason = `no answer for ${silentMs / 1000} s`
  return { kind: 'unreachable', since: now - silentMs, attempts: 1, nextAttemptAt: null, reason }
}

/** @param state what was shown before: an agent that is to come back is away since it ended */
export function endedState(ending: Ending, state: HostState, now: number): HostState {
  const at = state.kind === 'restarting' ? state.at : now
  switch (ending.kind) {
    case 'stopped':
      return { kind: 'stopped_by_hand', at, by: ending.by }
    case 'removed':
      return { kind: 'removed', at, by: ending.by }
    case 'restart':
    case 'update':
      return { kind: 'restarting', at, by: ending.by, isUpdate: ending.kind === 'update' }
    case 'crashed':
      return { kind: 'crashed', at, exitCode: null, signal: null, lastLines: ending.lastLines }
  }
}

/** No agent runs there; what its satellites stored is lost. */
export function isDown({ state }: LabHost): boolean {
  switch (state.kind) {
    case 'crashed':
    case 'stopped_by_hand':
    case 'removed':
    case 'restarting':
    case 'stopped':
      return true
    case 'starting':
    case 'healthy':
    case 'unreachable':
      return false
  }
}
