import { readFileSync } from 'node:fs'

/** The kernel makes it anew at every start. Not there on other systems than Linux. */
const bootIdFile = '/proc/sys/kernel/random/boot_id'

/** Names this run of the machine; '' where it has no name. */
export function readBootId(file = bootIdFile): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
