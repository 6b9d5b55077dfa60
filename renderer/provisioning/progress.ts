import type { HostPlan, LabPlan, ProvisioningState } from '#shared/contract/provisioning-api'

export type HostProgress = ProvisioningState['hosts'][number]
export type ProvisioningAction = ProvisioningState['action']

/** A retry is about some hosts only: they take the place of what was told of them before. */
export function mergeStates(before: ProvisioningState | null, next: ProvisioningState): ProvisioningState {
  const known = before?.hosts.map(({ host }) => host) ?? []
  const isRetry =
    before !== null &&
    before.lab === next.lab &&
    before.action === next.action &&
    next.hosts.length < known.length &&
    next.hosts.every(({ host }) => known.includes(host))
  if (!isRetry) return next
  const again = new Map(next.hosts.map((host) => [host.host, host]))
  return { ...next, hosts: before.hosts.map((host) => again.get(host.host) ?? host) }
}

export function mergePlans(before: LabPlan | null, next: LabPlan): LabPlan {
  if (before === null || next.hosts.length >= before.hosts.length) return next
  const again = new Map(next.hosts.map((plan) => [plan.host, plan]))
  return { ...next, hosts: before.hosts.map((plan) => again.get(plan.host) ?? plan) }
}

export interface PlanSum {
  readonly hosts: number
  /** Hosts on which something would change. */
  readonly changing: number
  readonly failed: number
  readonly steps: number
  readonly bytes: number
}

export function changes(plan: HostPlan): HostPlan['steps'] {
  return plan.steps.filter(({ action }) => action !== 'none')
}

export function planSum(plan: LabPlan): PlanSum {
  const steps = plan.hosts.flatMap(changes)
  return {
    hosts: plan.hosts.length,
    changing: plan.hosts.filter((host) => changes(host).length > 0).length,
    failed: plan.hosts.filter(({ error }) => error !== null).length,
    steps: steps.length,
    bytes: steps.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

/**
 * How far a host is, 0..1. Most of the time goes into sending; where there is nothing to send, steps count. Hosts that need
 * nothing are done when they say so.
 */
export function hostShare({ state, steps, stepsDone, bytes, bytesDone }: HostProgress): number {
  if (state === 'done') return 1
  const stepShare = steps === 0 ? 0 : stepsDone / steps
  if (bytes === 0) return stepShare
  return 0.8 * (bytesDone / bytes) + 0.2 * stepShare
}

export function labShare({ hosts }: ProvisioningState): number {
  if (hosts.length === 0) return 1
  // What failed or was cancelled goes no further: its bar stands, that of the lab ends.
  const over = (host: HostProgress): number =>
    host.state === 'failed' || host.state === 'cancelled' ? 1 : hostShare(host)
  return hosts.reduce((sum, host) => sum + over(host), 0) / hosts.length
}

/** The end in a sentence. */
export function outcome({ action, hosts, finishedAt }: ProvisioningState): string {
  if (finishedAt === null) return ''
  const count = (state: HostProgress['state']): number => hosts.filter((host) => host.state === state).length
  const [failed, cancelled] = [count('failed'), count('cancelled')]
  const changed = hosts.filter((host) => host.state === 'done' && host.changed).length
  const parts: string[] = []
  if (changed > 0) parts.push(`${changed} of ${hosts.length} hosts ${doneWord(action)}`)
  else if (failed + cancelled === 0) parts.push('Nothing to change: every host is as it should be')
  if (failed > 0) parts.push(`${failed} failed`)
  if (cancelled > 0) parts.push(`${cancelled} cancelled`)
  return `${parts.join(', ')}.`
}

function doneWord(action: ProvisioningAction): string {
  switch (action) {
    case 'apply':
      return 'changed'
    case 'rollback':
      return 'rolled back'
    case 'remove':
      return 'cleared'
  }
}
