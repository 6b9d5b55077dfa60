import type { LabHost } from '#shared/contract/console-api'

/** How a host ended that was lost, after its name: `was stopped by ada@laptop`. */
export function endedHow({ state }: LabHost): string {
  if (state.kind === 'stopped_by_hand')
    return `was stopped${state.by === null ? ' by hand' : ` by ${state.by}`}`
  if (state.kind === 'removed') return `was removed${state.by === null ? '' : ` by ${state.by}`}`
  if (state.kind === 'restarting')
    return `was ${state.isUpdate ? 'updated' : 'restarted'}${state.by === null ? '' : ` by ${state.by}`}`
  if (state.kind !== 'crashed') return 'ended'
  if (state.signal !== null) return `was killed (${state.signal})`
  return state.exitCode === null ? 'ended' : `ended (exit code ${state.exitCode})`
}
