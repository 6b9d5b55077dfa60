import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/** A file name of an inventory as a path: `~` and relative names start at the user's home. */
export function userFile(name: string, home = homedir()): string {
  if (name === '~') return home
  if (/^~[/\\]/.test(name)) return join(home, name.slice(2))
  return isAbsolute(name) ? name : resolve(home, name)
}
