import { execFileSync } from 'node:child_process'
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inventory, type Inventory } from '#shared/inventory/inventory'
import { temporaryFolder } from '../../testing/folders'
import { hostOf, noSecrets } from '../../testing/ssh-lab'
import { sshdMissing, startSshd, type HostKeyType, type TestSshd } from '../../testing/sshd'
import { createConnector, shownKey, type ConnectorOptions } from '../connector'
import { createLogin } from '../login/create-login'
import { HostKeyStore } from './host-key-store'
import { LabHostKeys } from './lab-host-keys'

const missing = sshdMissing()
if (missing) console.warn(`skipped: ${missing}`)

/** A lab of one host, and what it knows of host keys. */
function aLab(server: TestSshd, changes: object = {}, jumps: object[] = []) {
  const folder = temporaryFolder()
  const knownHosts = join(folder, 'known_hosts')
  const storeFile = join(folder, 'data', 'host-keys.json')
  const hostKeys = new LabHostKeys(new HostKeyStore(storeFile), [knownHosts])
  const lab: Inventory = inventory.parse({
    name: 'lab',
    hosts: [hostOf(server, 'nuc1', changes)],
    jump_hosts: jumps,
  })
  const options: ConnectorOptions = {
    inventory: async () => lab,
    hostKeys,
    loginFor: (hop) => createLogin(hop, { secrets: noSecrets(), env: {}, home: null }),
  }
  const connect = async (): Promise<void> => {
    const session = await createConnector(options).connect('nuc1')
    session.close()
  }
  const accept = async (fingerprint: string, target = 'nuc1'): Promise<void> => {
    const { hop, key } = await shownKey(options, target)
    await hostKeys.accept(hop, key, fingerprint, 1)
  }
  return { knownHosts, storeFile, hostKeys, options, connect, accept }
}

/** A line of known_hosts for a key of this server, as ssh-keyscan prints it. */
function scanned(server: TestSshd, type: HostKeyType): string {
  const file = server.hostKeyFiles.find((each) => each.endsWith(type)) as string
  const [keyType, key] = readFileSync(`${file}.pub`, 'utf8').split(' ')
  return `[${server.address}]:${server.port} ${keyType} ${key}\n`
}

describe.skipIf(missing)('host keys', () => {
  it('are unknown at first, and accepted by the fingerprint that ssh-keygen prints', async () => {
    const server = await startSshd()
    const lab = aLab(server)
    await expect(lab.connect()).rejects.toMatchObject({
      code: 'host_key_unknown',
      details: {
        lab: 'lab',
        target: 'nuc1',
        address: '127.0.0.1',
        port: server.port,
        algorithm: 'ssh-ed25519',
        fingerprint: server.fingerprint(),
      },
      hint: expect.stringContaining(`skymemory lab accept-key lab nuc1 ${server.fingerprint()}`) as string,
    })
    await expect(lab.accept('SHA256:somethingElse')).rejects.toMatchObject({ code: 'conflict' })
    await expect(lab.connect()).rejects.toMatchObject({ code: 'host_key_unknown' })
    await lab.accept(server.fingerprint())
    await lab.connect()
    expect(statSync(lab.storeFile).mode & 0o777).toBe(0o600)
    const { hop } = await shownKey(lab.options, 'nuc1')
    expect(await lab.hostKeys.accepted([hop])).toMatchObject([
      { target: 'nuc1', fingerprint: server.fingerprint() },
    ])
  })

  it('are refused when they have changed, until the old one is forgotten', async () => {
    const server = await startSshd()
    const lab = aLab(server)
    await lab.accept(server.fingerprint())
    await server.stop()
    const other = await startSshd({ port: server.port })
    appendFileSync(other.authorizedKeys, readFileSync(`${server.clientKey}.pub`))
    const refusal = {
      code: 'host_key_changed',
      details: {
        fingerprint: other.fingerprint(),
        known: { algorithm: 'ssh-ed25519', fingerprint: server.fingerprint() },
        store: 'console',
      },
    }
    await expect(lab.connect()).rejects.toMatchObject(refusal)
    // Accepting is no way around it.
    await expect(lab.accept(other.fingerprint())).rejects.toMatchObject(refusal)
    const { hop } = await shownKey(lab.options, 'nuc1')
    expect(await lab.hostKeys.forget(hop)).toBe(true)
    expect(await lab.hostKeys.forget(hop)).toBe(false)
    await expect(lab.connect()).rejects.toMatchObject({ code: 'host_key_unknown' })
    await lab.accept(other.fingerprint())
    await lab.connect()
  })

  it('may stand in known_hosts, in clear or hashed; that file is never written', async () => {
    const server = await startSshd()
    const lab = aLab(server)
    writeFileSync(lab.knownHosts, scanned(server, 'ed25519'))
    await lab.connect()
    execFileSync('ssh-keygen', ['-H', '-f', lab.knownHosts], { stdio: 'ignore' })
    const before = readFileSync(lab.knownHosts, 'utf8')
    expect(before).toMatch(/^\|1\|/)
    await lab.connect()

    await server.stop()
    const other = await startSshd({ port: server.port })
    await expect(lab.connect()).rejects.toMatchObject({
      code: 'host_key_changed',
      details: { store: lab.knownHosts, known: { fingerprint: server.fingerprint() } },
      hint: expect.stringContaining(
        `ssh-keygen -R '[127.0.0.1]:${server.port}' -f '${lab.knownHosts}'`,
      ) as string,
    })
    await expect(lab.accept(other.fingerprint())).rejects.toMatchObject({ code: 'host_key_changed' })
    expect(readFileSync(lab.knownHosts, 'utf8')).toBe(before)
  })

  it.each(['ecdsa', 'rsa'] as const)('are asked for by the type that is known: %s', async (type) => {
    const server = await startSshd({ hostKeys: ['ed25519', 'ecdsa', 'rsa'] })
    const lab = aLab(server)
    writeFileSync(lab.knownHosts, scanned(server, type))
    await lab.connect()
  })

  it('of a type that is not known are changed ones where others are known', async () => {
    const server = await startSshd({ hostKeys: ['ecdsa'] })
    const old = await startSshd({ hostKeys: ['ed25519'] })
    const lab = aLab(server)
    writeFileSync(lab.knownHosts, scanned(old, 'ed25519').replace(String(old.port), String(server.port)))
    await expect(lab.connect()).rejects.toMatchObject({
      code: 'host_key_changed',
      details: { algorithm: 'ecdsa-sha2-nistp256', known: { algorithm: 'ssh-ed25519' } },
    })
  })

  it('that were revoked are refused, also when they were accepted', async () => {
    const server = await startSshd()
    const lab = aLab(server)
    await lab.accept(server.fingerprint())
    writeFileSync(lab.knownHosts, `@revoked ${scanned(server, 'ed25519').replace(/^\S+/, '*')}`)
    await expect(lab.connect()).rejects.toMatchObject({
      code: 'host_key_changed',
      message: expect.stringContaining('was revoked') as string,
    })
  })

  it('of every jump host are checked too', async () => {
    const jump = await startSshd()
    const server = await startSshd()
    const lab = aLab(server, { jump: ['gate'] }, [
      {
        name: 'gate',
        address: jump.address,
        port: jump.port,
        user: jump.user,
        authentication: { kind: 'key', file: jump.clientKey },
      },
    ])
    await expect(lab.connect()).rejects.toMatchObject({
      code: 'host_key_unknown',
      details: { target: 'gate', fingerprint: jump.fingerprint() },
    })
    // Nothing of the host is asked before the jump host is known.
    await expect(lab.accept(server.fingerprint())).rejects.toMatchObject({ details: { target: 'gate' } })
    await lab.accept(jump.fingerprint(), 'gate')
    await expect(lab.connect()).rejects.toMatchObject({ details: { target: 'nuc1' } })
    await lab.accept(server.fingerprint())
    await lab.connect()

    // The same address reached directly may be another machine.
    const direct = aLab(server)
    const store = new LabHostKeys(new HostKeyStore(lab.storeFile), [])
    await expect(
      createConnector({ ...direct.options, hostKeys: store }).connect('nuc1'),
    ).rejects.toMatchObject({ code: 'host_key_unknown' })
  })

  it('of a chain of three jump hosts are asked for in order, and none is passed over', async () => {
    const servers = await Promise.all([startSshd(), startSshd(), startSshd(), startSshd()])
    const names = ['gate', 'hall', 'stairs', 'nuc1'] as const
    const jumps = names.slice(0, 3).map((name, i) => {
      const { address, port, user, clientKey: file } = servers[i] as TestSshd
      return { name, address, port, user, authentication: { kind: 'key', file } }
    })
    const lab = aLab(servers[3], { jump: names.slice(0, 3) }, jumps)
    for (const [i, target] of names.entries()) {
      const fingerprint = servers[i]?.fingerprint() ?? ''
      await expect(lab.connect()).rejects.toMatchObject({
        code: 'host_key_unknown',
        details: { target, fingerprint },
      })
      await lab.accept(fingerprint, target)
    }
    await lab.connect()
    await servers[1].stop()
    await startSshd({ port: servers[1].port })
    await expect(lab.connect()).rejects.toMatchObject({
      code: 'host_key_changed',
      details: { target: 'hall', known: { algorithm: 'ssh-ed25519' } },
    })
  })

  it('are not forgotten by a damaged file', async () => {
    const server = await startSshd()
    const lab = aLab(server)
    await lab.accept(server.fingerprint())
    writeFileSync(lab.storeFile, '{"version": 1, "keys": [')
    await expect(lab.connect()).rejects.toMatchObject({
      code: 'storage_corrupt',
      details: { path: lab.storeFile },
    })
    await expect(lab.accept(server.fingerprint())).rejects.toMatchObject({ code: 'storage_corrupt' })
  })
})
