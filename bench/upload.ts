import { spawnSync } from 'node:child_process'
import { createHash, randomFillSync } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inventory } from '#shared/inventory/inventory'
import { SecretBook } from '#lab/secrets/secret-book'
import { emptyVault } from '#lab/secrets/secret-vault'
import { createConnector } from '#lab/ssh/connector'
import { createLogin } from '#lab/ssh/login/create-login'
import type { SshConnector, UploadSource } from '#lab/ssh/ssh-session'
import { launchSshd, sshdMissing, type TestSshd } from '#lab/testing/sshd-process'
import { median } from './measure'

const bytes = 256 * 1024 * 1024
/** Rounds of each way in turn that are measured; one more warms up. */
const rounds = 7

export interface UploadReport {
  readonly bytes: number
  readonly rounds: number
  /** Median seconds from nothing to a file on the host: connect, log in, send, and here also check its SHA-256 on the host. */
  readonly skymemoryS: number
  /** OpenSSH's own `sftp` with its own settings; it checks nothing. */
  readonly sftpS: number
  /** The same with the cipher on which ours agrees with the server; left to itself, OpenSSH takes ChaCha20-Poly1305. */
  readonly sftpWithOurCipherS: number
  /** Median over the rounds of sftp's time / ours: above 1, ours is faster. */
  readonly speedToSftp: number
  readonly speedToSftpWithOurCipher: number
}

/** What ssh2 offers first and OpenSSH has had since 6.2. */
const ourCipher = 'aes128-gcm@openssh.com'

/**
 * A file over SFTP to an OpenSSH server on loopback, by the session that provisions hosts and by OpenSSH's `sftp`, in turn.
 * Null where no OpenSSH is installed.
 */
export async function benchUpload(): Promise<UploadReport | null> {
  if (sshdMissing() !== null || !existsSync('/usr/bin/sftp')) return null
  const folder = mkdtempSync(join(tmpdir(), 'skymemory-bench-'))
  const server = await launchSshd(folder)
  try {
    const file = join(folder, 'source')
    const content = randomFillSync(Buffer.allocUnsafe(bytes))
    writeFileSync(file, content)
    const sha256 = createHash('sha256').update(content).digest('hex')
    const connector = connectorTo(server)
    const target = join(folder, 'target')
    const ways = {
      ours: () => upload(connector, { kind: 'file', file, bytes, sha256 }, target),
      sftp: () => openSshUpload(server, file, target, []),
      sftpWithOurCipher: () => openSshUpload(server, file, target, [`Ciphers=${ourCipher}`]),
    }
    const measured: Record<keyof typeof ways, number>[] = []
    for (let round = 0; round <= rounds; round++) {
      const taken = { ours: 0, sftp: 0, sftpWithOurCipher: 0 }
      for (const way of ['ours', 'sftp', 'sftpWithOurCipher'] as const) {
        taken[way] = await seconds(ways[way])
        rmSync(target)
      }
      if (round > 0) measured.push(taken)
    }
    return {
      bytes,
      rounds,
      skymemoryS: median(measured.map(({ ours }) => ours)),
      sftpS: median(measured.map(({ sftp }) => sftp)),
      sftpWithOurCipherS: median(measured.map(({ sftpWithOurCipher }) => sftpWithOurCipher)),
      speedToSftp: median(measured.map(({ ours, sftp }) => sftp / ours)),
      speedToSftpWithOurCipher: median(
        measured.map(({ ours, sftpWithOurCipher }) => sftpWithOurCipher / ours),
      ),
    }
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function seconds(work: () => Promise<void> | void): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1_000
}

async function upload(connector: SshConnector, source: UploadSource, path: string): Promise<void> {
  const session = await connector.connect('host')
  try {
    await session.upload(source, path, { mode: 0o600 })
  } finally {
    session.close()
  }
}

/** `sftp` reads its commands from stdin; the folder's name needs no quotes. */
function openSshUpload(
  { port, user, address, clientKey, folder }: TestSshd,
  file: string,
  path: string,
  settings: readonly string[],
): void {
  const options = [
    'StrictHostKeyChecking=no',
    `UserKnownHostsFile=${join(folder, 'known_hosts')}`,
    'IdentitiesOnly=yes',
    ...settings,
  ]
  const args = [
    '-q',
    '-b',
    '-',
    '-P',
    String(port),
    '-i',
    clientKey,
    ...options.flatMap((each) => ['-o', each]),
  ]
  const result = spawnSync('sftp', [...args, `${user}@${address}`], {
    input: `put ${file} ${path}\n`,
    encoding: 'utf8',
  })
  if (result.status !== 0) throw new Error(`sftp failed: ${result.stderr}`)
}

function connectorTo(server: TestSshd): SshConnector {
  const { address, port, user, clientKey } = server
  const authentication = { kind: 'key', file: clientKey }
  const lab = inventory.parse({
    name: 'bench',
    hosts: [{ role: 'inference', name: 'host', address, port, user, authentication }],
  })
  const expected = server.fingerprint()
  const secrets = new SecretBook(emptyVault('nothing is remembered here'))
  return createConnector({
    inventory: async () => lab,
    hostKeys: {
      knownAlgorithms: async () => [],
      check: async (_hop, key) => {
        const shown = createHash('sha256').update(key).digest('base64').replace(/=+$/, '')
        if (`SHA256:${shown}` !== expected) throw new Error('another server answers')
      },
    },
    loginFor: (hop) => createLogin(hop, { secrets, env: {}, home: null }),
  })
}
