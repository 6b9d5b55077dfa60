import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '#lab/testing/folders'
import { descendantsOf } from '#lab/testing/processes'
import { usersMissing } from '#lab/testing/ssh-users'
import { newKey, sshdMissing, startSshd, type TestSshd } from '#lab/testing/sshd'
import { commandLineUnderTest, type CommandLineUnderTest } from './testing/command-line'

const missing = sshdMissing() ?? usersMissing()
if (missing) console.warn(`planted secrets skipped: ${missing}`)

/** Texts that stand nowhere else. */
const planted = {
  password: 'planted-p4ssword-7f3a',
  passphrase: 'planted-p4ssphrase-91c2',
  wrong: 'planted-wr0ng-55e8',
}

let cli: CommandLineUnderTest
beforeAll(async () => {
  if (!missing) cli = await commandLineUnderTest()
})

/** Every file below a folder that holds one of the secrets, also in another encoding. */
function filesWithSecrets(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const file = join(entry.parentPath, entry.name)
    return entry.isFile() && hasSecret(readFileSync(file)) ? [file] : []
  })
}

function hasSecret(bytes: Buffer): boolean {
  return Object.values(planted).some((secret) =>
    [
      Buffer.from(secret),
      Buffer.from(secret, 'utf16le'),
      Buffer.from(Buffer.from(secret).toString('base64')),
    ].some((form) => bytes.includes(form)),
  )
}

/** Processes whose command line holds a secret. */
function commandsWithSecrets(): string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && hasSecret(procFile(pid, 'cmdline')))
}

function procFile(pid: string | number, name: string): Buffer {
  try {
    return readFileSync(`/proc/${pid}/${name}`)
  } catch {
    return Buffer.alloc(0)
  }
}

/** A lab of two hosts on one server: one logged in to by password, one by a key with a passphrase. */
async function aLab(): Promise<{ server: TestSshd; data: string; file: string }> {
  const data = temporaryFolder()
  const server = await startSshd({
    users: [{ name: 'lab', password: planted.password }],
    config: ['PasswordAuthentication yes'],
  })
  const key = newKey(server.folder, 'mine', 'ed25519', planted.passphrase)
  writeFileSync(server.authorizedKeys, readFileSync(`${key}.pub`))
  const file = join(temporaryFolder(), 'lab.yaml')
  writeFileSync(
    file,
    `name: secret-lab
hosts:
  - { role: satellite, name: nuc1, address: 127.0.0.1, port: ${server.port}, user: lab, authentication: { kind: password } }
  - { role: inference, name: jetson, address: 127.0.0.1, port: ${server.port}, user: lab, authentication: { kind: key, file: ${key} } }
`,
  )
  return { server, data, file }
}

describe.skipIf(missing)('secrets of hosts', () => {
  it('log in from the environment, and are found nowhere else', async () => {
    const { server, data, file } = await aLab()
    vi.stubEnv('SKYMEMORY_PASSWORD_NUC1', planted.password)
    vi.stubEnv('SKYMEMORY_PASSPHRASE_JETSON', planted.passphrase)
    const printed: string[] = []
    const run = async (...args: string[]): Promise<number | null> => {
      const { code, out, err } = await cli.run(data, ...args)
      printed.push(out, err)
      return code
    }
    expect(await run('lab', 'import', file)).toBe(0)
    expect(await run('lab', 'accept-key', 'secret-lab', 'nuc1', server.fingerprint())).toBe(0)
    expect(await run('lab', 'check', 'secret-lab')).toBe(0)
    expect(printed.join('')).toContain('jetson')
    expect(await run('lab', 'export', 'secret-lab')).toBe(0)

    // Wrong ones: the errors do not quote them.
    vi.stubEnv('SKYMEMORY_PASSWORD_NUC1', planted.wrong)
    vi.stubEnv('SKYMEMORY_PASSPHRASE_JETSON', planted.wrong)
    for (const host of ['nuc1', 'jetson']) {
      const { code, err } = await cli.run(data, 'lab', 'check', 'secret-lab', host)
      printed.push(err)
      expect(code).toBe(1)
      expect(err).toMatch(/is wrong \[secret_needed\]/)
    }
    expect(hasSecret(Buffer.from(printed.join('')))).toBe(false)
    expect(existsSync(join(data, 'labs', 'secret-lab.yaml'))).toBe(true)
    expect(filesWithSecrets(data)).toEqual([])
    expect(hasSecret(Buffer.from(server.log()))).toBe(false)
  })

  it('are inherited by no process, and stand in no report of a crash', async () => {
    const { server, data, file } = await aLab()
    vi.stubEnv('SKYMEMORY_PASSWORD_NUC1', planted.password)
    vi.stubEnv('SKYMEMORY_SUDO_NUC1', planted.wrong)
    await cli.run(data, 'lab', 'import', file)
    await cli.run(data, 'lab', 'accept-key', 'secret-lab', 'nuc1', server.fingerprint())

    expect(await cli.run(data, 'lab', 'up', '--slots', '2', '--planes', '1')).toMatchObject({ code: 0 })
    try {
      const daemon = JSON.parse(readFileSync(join(data, 'lab-daemon.json'), 'utf8')) as { pid: number }
      const processes = [daemon.pid, ...descendantsOf(daemon.pid)]
      expect(processes.length).toBeGreaterThan(2)
      for (const pid of processes) expect(hasSecret(procFile(pid, 'environ'))).toBe(false)
    } finally {
      await cli.run(data, 'lab', 'down')
    }

    // A report of Node's, as a crash makes one, while a connection waits with the password in memory.
    const reports = temporaryFolder()
    vi.stubEnv('NODE_OPTIONS', `--report-on-signal --report-directory=${reports}`)
    server.freeze(true)
    const checking = cli.start(data, 'lab', 'check', 'secret-lab', 'nuc1')
    const pid = checking.child.pid as number
    while (!procFile(pid, 'net/tcp').toString().includes(server.port.toString(16).toUpperCase())) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(commandsWithSecrets()).toEqual([])
    checking.child.kill('SIGUSR2')
    while (readdirSync(reports).length === 0) await new Promise((resolve) => setTimeout(resolve, 50))
    await new Promise((resolve) => setTimeout(resolve, 500))
    checking.child.kill('SIGKILL')
    await checking.finished
    expect(filesWithSecrets(reports)).toEqual([])
    expect(filesWithSecrets(data)).toEqual([])
  })
})
