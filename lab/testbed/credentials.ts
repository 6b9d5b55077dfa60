import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SkyError } from '#shared/contract/errors'
import { mustRun } from './run-program'
import { testbedFiles } from './tear-down'

/** Make the folder of a testbed. @throws SkyError `conflict` when it holds something else */
export async function makeTestbedFolder(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const foreign = (await readdir(directory)).filter((name) => !testbedFiles.some((own) => own === name))
  if (foreign.length === 0) return
  throw new SkyError(
    'conflict',
    `${directory} is not empty: it holds ${foreign.slice(0, 3).join(', ')}`,
    'Name a folder of its own with --directory.',
  )
}

/** A key pair in the folder; returns its files and the public line. */
export async function makeKey(directory: string): Promise<{ keyFile: string; publicKey: string }> {
  const keyFile = join(directory, 'key')
  await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'skymemory-testbed', '-f', keyFile])
  return { keyFile, publicKey: await readFile(`${keyFile}.pub`, 'utf8') }
}

export const makePassword = (): string => randomBytes(9).toString('base64url')

/** The password for /etc/shadow, by SHA-512 of crypt(3). */
export async function passwordHash(password: string): Promise<string> {
  const salt = randomBytes(8).toString('hex')
  // The password comes by the standard input: arguments can be read by everybody.
  const script = 'my $word = <STDIN>; print crypt($word, q($6$) . $ARGV[0] . q($))'
  return mustRun('perl', ['-e', script, salt], password)
}

/** Give files to the person who called sudo, who will use them. */
export async function giveToCaller(files: readonly string[]): Promise<void> {
  const [uid, gid] = [Number(process.env['SUDO_UID']), Number(process.env['SUDO_GID'])]
  if (process.getuid?.() !== 0 || !(uid > 0) || !(gid > 0)) return
  for (const file of files) await chown(file, uid, gid)
}

export const onlyOwner = (file: string): Promise<void> => chmod(file, 0o600)
