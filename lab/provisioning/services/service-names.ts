import { createHash } from 'node:crypto'
import { posix } from 'node:path'
import type { ServiceKind } from '#shared/inventory/inventory'

export function unitName(lab: string): string {
  return `skymemory-${lab}.service`
}

/** How a unit's description begins. */
export function unitDescription(lab: string): string {
  return `SkyMemory lab ${lab}: agent of `
}

/**
 * Where the unit lies; null for a service without systemd.
 * @param home of the user who logs in
 */
export function unitFile(service: ServiceKind, lab: string, home: string): string | null {
  switch (service) {
    case 'system':
      return posix.join('/etc/systemd/system', unitName(lab))
    case 'user':
      return posix.join(home, '.config/systemd/user', unitName(lab))
    case 'detached':
      return null
  }
}

/** Debian's useradd takes no longer names. */
const longestAccount = 32
const prefix = 'skymemory-'

/** The user whose rights the agent of a system unit has. Labs with long names have part of a checksum in it. */
export function serviceAccount(lab: string): string {
  const plain = prefix + lab
  if (plain.length <= longestAccount) return plain
  const checksum = createHash('sha256').update(lab).digest('hex').slice(0, 8)
  return `${prefix}${lab.slice(0, longestAccount - prefix.length - checksum.length - 1)}-${checksum}`
}

/** The comment of that user: by it an account that apply made is told from one that was there. */
export function accountComment(lab: string): string {
  return `SkyMemory lab ${lab}`
}
