import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { descendantsOf } from '../lab/testing/processes'

/** The texts in which a secret may lie somewhere in clear: as it is, as UTF-16, and in base64 at each of its three offsets. */
function formsOf(secret: string): Buffer[] {
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString('base64')
    // What the bytes before and after have a part in is cut off.
    return Buffer.from(text.slice(offset === 0 ? 0 : offset + 1, -4))
  })
  return [Buffer.from(secret), Buffer.from(secret, 'utf16le'), ...base64]
}

export function holds(bytes: Buffer, secrets: readonly string[]): boolean {
  return secrets.some((secret) => formsOf(secret).some((form) => bytes.includes(form)))
}

/** Every file below a folder that holds one of the secrets. */
export function filesWith(folder: string, secrets: readonly string[]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return []
    const file = join(entry.parentPath, entry.name)
    return holds(read(file), secrets) ? [file] : []
  })
}

/** Command lines and environments of a process and of all that it has started which hold one of the secrets. Linux only. */
export function processesWith(pid: number, secrets: readonly string[]): string[] {
  return [pid, ...descendantsOf(pid)].flatMap((each) =>
    ['cmdline', 'environ']
      .map((name) => `/proc/${each}/${name}`)
      .filter((file) => holds(read(file), secrets)),
  )
}

/** Files of the app come and go while they are read. */
function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch {
    return Buffer.alloc(0)
  }
}
