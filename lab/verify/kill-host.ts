import type { LabHost } from '#shared/contract/console-api'

/** End the process of a host of the local lab, as a crash would. */
export function killHost({ state }: LabHost): Promise<void> {
  if (state.kind === 'healthy') process.kill(state.pid, 'SIGKILL')
  return Promise.resolve()
}
