import { setTimeout as sleep } from 'node:timers/promises'
import type { LabHost } from '#shared/contract/console-api'
import type { InferenceClient, LabHosts } from '../hosts/lab-hosts'
import type { TrialModel } from './run-model'

/** Time that the inference host may take to wind up an aborted trial, ms. */
export const abortLimitMs = 15_000
const lookMs = 50

/** Empty every satellite for this trial, and let the inference host have the documents. A trial that nobody follows is ended first. */
export async function prepareTrial(
  lab: LabHosts,
  trial: TrialModel,
  loadDocuments: () => Promise<void>,
): Promise<void> {
  await settle(lab.inference())
  await Promise.all([
    loadDocuments(),
    ...satelliteHosts(lab).map(({ hostId }) => prepareSatellites(lab, trial, hostId)),
  ])
}

/** Empty the satellites of one host for this trial; those that it was prepared for already stay as they are. */
export async function prepareSatellites(lab: LabHosts, trial: TrialModel, hostId: string): Promise<void> {
  const { trialKey } = trial.attempt
  // Without a cache there is no constellation; what the last trial left in it must not be taken for this one's.
  const parameters = { ...trial.planned.parameters, ...(hasCache(trial) ? {} : lab.shape) }
  await lab.satellite(hostId).call('prepareTrial', { trialKey, parameters })
}

export function hasCache(trial: TrialModel): boolean {
  return trial.planned.parameters.cache === 'skymemory'
}

export function satelliteHosts(lab: LabHosts): readonly LabHost[] {
  return lab.hosts().filter((host) => host.role === 'satellite')
}

/** End a trial that nobody follows any more, so that the next one can begin. */
async function settle(inference: InferenceClient): Promise<void> {
  const deadline = Date.now() + abortLimitMs
  for (;;) {
    const { kind } = await inference.call('trialStatus', {})
    if ((kind !== 'running' && kind !== 'paused') || Date.now() > deadline) return
    await inference.call('abortTrial', {})
    await sleep(lookMs, undefined, { ref: false })
  }
}
