import type { CheckStatus, HostCheck } from '#shared/contract/provisioning-api'
import type { InventoryHost } from '#shared/inventory/inventory'
import type { Probe } from '../probe'

/** What checks go by: what was found on the host, and what the lab wants of it. */
export interface HostUnderCheck {
  readonly host: InventoryHost
  readonly lab: string
  readonly probe: Probe
  /** Planes that it will carry; 0 of an inference host. */
  readonly planes: number
}

export type Verdict = Pick<HostCheck, 'status' | 'found' | 'needed' | 'advice'>

/** One thing to look at. Pure: text in, verdict out. */
export interface CheckOf {
  readonly id: string
  readonly title: string
  readonly judge: (subject: HostUnderCheck) => Verdict
}

export const ok = (found: string, needed = ''): Verdict => ({ status: 'ok', found, needed, advice: '' })

/** Nothing to look at on this host, and why. */
export const skipped = (found: string): Verdict => ({ status: 'skipped', found, needed: '', advice: '' })

export const verdict = (status: CheckStatus, found: string, needed: string, advice: string): Verdict => ({
  status,
  found,
  needed,
  advice: status === 'ok' || status === 'skipped' ? '' : advice,
})

/** 1.5 GB, 420 MB: powers of 1000, as disks and memories are sold. */
export function sizeText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`
  return `${Math.round(bytes / 1e6)} MB`
}

/** `1.2.3` as numbers, for comparing; what is no number counts as 0. */
export function isOlder(version: string, than: string): boolean {
  const [one, other] = [version, than].map((each) =>
    each.split('.').map((part) => Number.parseInt(part, 10) || 0),
  )
  for (let index = 0; index < 3; index++) {
    const [a, b] = [one?.[index] ?? 0, other?.[index] ?? 0]
    if (a !== b) return a < b
  }
  return false
}
