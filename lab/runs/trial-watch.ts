import { SkyError, toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { endedHow } from '../hosts/ended-how'
import type { LabChange, LabHosts } from '../hosts/lab-hosts'

/** A host of a lab, as its loss is told. */
export type LostHost = Extract<LabChange, { kind: 'lost' }>['host']

/** Tells of lost satellite hosts, and resolves when the inference host is lost: the trial cannot go on without it. */
export function watchForLoss(lab: LabHosts, onLost: (host: LostHost) => void) {
  let reason: ErrorBody | null = null
  let stop: () => void = () => undefined
  const inference = new Promise<'lost'>((resolve) => {
    stop = lab.onChange((change) => {
      if (change.kind !== 'lost') return
      onLost(change.host)
      if (change.host.role !== 'inference') return
      const { hostId, state } = change.host
      const details = state.kind === 'crashed' ? { exitCode: state.exitCode, lastLines: state.lastLines } : {}
      reason = toErrorBody(
        new SkyError(
          'trial_failed',
          `The inference host ${hostId} ${endedHow(change.host)} during the trial`,
          'What was recorded is kept. Repeat the trial alone.',
          { hostId, ...details },
        ),
      )
      resolve('lost')
    })
  })
  return { inference, reason: () => reason, stop }
}

/** Resolves when the signal aborts, also when it has already. */
export function whenAborted(signal: AbortSignal): { promise: Promise<'aborted'>; stop: () => void } {
  let onAbort: () => void = () => undefined
  const promise = new Promise<'aborted'>((resolve) => {
    onAbort = () => resolve('aborted')
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
  })
  return { promise, stop: () => signal.removeEventListener('abort', onAbort) }
}
