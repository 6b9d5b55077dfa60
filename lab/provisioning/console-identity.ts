import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { writeFileAtomically } from '../atomic-file'

/** A console, as others are told who uses a lab. */
export interface ConsoleIdentity {
  /** The same for every start of the console with this data directory, and for no other one. */
  readonly id: string
  /** Such as ada@laptop. */
  readonly who: string
}

/** The identity of the console with this data directory; made at its first use. */
export async function consoleIdentity(dataDirectory: string): Promise<ConsoleIdentity> {
  const file = join(dataDirectory, 'console-id')
  const present = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
  if (/^[0-9a-f-]{36}$/.test(present)) return { id: present, who: userAtMachine() }
  const id = randomUUID()
  await writeFileAtomically(file, `${id}\n`, 0o600)
  return { id, who: userAtMachine() }
}

function userAtMachine(): string {
  return `${userName()}@${hostname()}`
}

/** A user id without an entry in the user database has no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown'
  }
}
