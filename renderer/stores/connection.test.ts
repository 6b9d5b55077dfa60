import { describe, expect, it, vi } from 'vitest'
import { SkyError } from '#shared/contract/errors'
import { withEngine, withStores } from '../testing/with-stores'
import { wrongSecret } from '../dev/ssh/demo-access'
import { questionOf } from '../connection/question'
import { useConnection } from './connection'

const lab = 'testbed'

function testbed() {
  const { engine, use } = withStores()
  engine.ssh.addTestbed()
  const connection = use(useConnection)
  const check = (host: string) =>
    connection.asking(() => engine.client.call('checkConnection', { lab, host }))
  return { engine, connection, check }
}

const still = new AbortController().signal

/** Let calls come back. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

describe('a connection that asks', () => {
  it('shows the fingerprint of an unknown host, and goes on once it is accepted', async () => {
    const { engine, connection, check } = testbed()
    const done = check('nuc1')
    await vi.waitFor(() => expect(connection.current?.kind).toBe('unknown_key'))
    expect(connection.current).toMatchObject({ key: { ...engine.ssh.access.keyOf(lab, 'nuc1'), lab } })
    await connection.accept()
    expect((await done).user).toBe('lab')
    expect(connection.current).toBeNull()
  })

  it('asks for every hop of the way, then for the answers of the server', async () => {
    const { connection, check } = testbed()
    const done = check('jetson')
    for (const target of ['gateway', 'jetson']) {
      await vi.waitFor(() =>
        expect(connection.current).toMatchObject({ kind: 'unknown_key', key: { target } }),
      )
      await connection.accept()
    }
    await vi.waitFor(() => expect(connection.current?.kind).toBe('secret'))
    expect(connection.current).toMatchObject({
      needed: { target: 'jetson', secret: 'answers', prompts: [{ echo: false }, { echo: true }] },
    })
    await connection.give(['pass', '123456'], false)
    expect((await done).user).toBe('nvidia')
  })

  it('asks again for a secret that was wrong, and says so', async () => {
    const { engine, connection, check } = testbed()
    engine.ssh.access.accept(lab, 'nuc4', engine.ssh.access.keyOf(lab, 'nuc4').fingerprint)
    const done = check('nuc4')
    await vi.waitFor(() => expect(connection.current).toMatchObject({ needed: { wasWrong: false } }))
    await connection.give([wrongSecret], true)
    await vi.waitFor(() => expect(connection.current).toMatchObject({ needed: { wasWrong: true } }))
    await connection.give(['right'], false)
    await done
  })

  it('refuses a changed key, and asks for the new one only after the host was forgotten', async () => {
    const { engine, connection, check } = testbed()
    engine.ssh.access.acceptAll(lab)
    const before = engine.ssh.access.keyOf(lab, 'nuc2')
    engine.ssh.access.renewKey(lab, 'nuc2')
    const done = check('nuc2')
    await vi.waitFor(() => expect(connection.current?.kind).toBe('changed_key'))
    expect(connection.current).toMatchObject({ key: { known: { fingerprint: before.fingerprint } } })
    // Accepting is no answer to this question.
    await connection.accept()
    expect(connection.current?.kind).toBe('changed_key')
    await connection.forget()
    await vi.waitFor(() => expect(connection.current?.kind).toBe('unknown_key'))
    await connection.accept()
    await done
  })

  it('keeps the question when the answer is not taken, with the reason', async () => {
    const { engine, connection, check } = testbed()
    const done = check('nuc1')
    done.catch(() => undefined)
    await vi.waitFor(() => expect(connection.current).not.toBeNull())
    engine.ssh.access.renewKey(lab, 'nuc1')
    await connection.accept()
    expect([connection.current?.kind, connection.error?.code]).toEqual(['unknown_key', 'conflict'])
    connection.cancel()
    await expect(done).rejects.toMatchObject({ code: 'cancelled' })
    expect(connection.error).toBeNull()
  })

  it('does not remember what there is no keychain for', async () => {
    const { engine, connection, check } = testbed()
    engine.ssh.access.storage = { kind: 'memory', why: 'no keyring is running' }
    engine.ssh.access.accept(lab, 'nuc4', engine.ssh.access.keyOf(lab, 'nuc4').fingerprint)
    const done = check('nuc4')
    await vi.waitFor(() => expect(connection.current).not.toBeNull())
    await connection.loadStorage()
    expect(connection.storage).toEqual({ kind: 'memory', why: 'no keyring is running' })
    await connection.give(['right'], true)
    expect(connection.error?.code).toBe('not_supported')
    await connection.give(['right'], false)
    await done
  })

  it('gives up when an accepted key is asked for again', async () => {
    const details = {
      lab,
      target: 'nuc1',
      address: 'nuc1',
      port: 22,
      algorithm: 'ssh-ed25519',
      fingerprint: 'SHA256:x',
    }
    const { use } = withEngine({
      acceptHostKey: () => null,
      checkConnection: () => {
        throw new SkyError('host_key_unknown', 'unknown', '', details)
      },
      inventories: () => [],
    })
    const connection = use(useConnection)
    const call = vi.fn(() => Promise.reject(new SkyError('host_key_unknown', 'unknown', '', details)))
    const done = connection.asking(call)
    await vi.waitFor(() => expect(connection.current).not.toBeNull())
    await connection.accept()
    await expect(done).rejects.toMatchObject({ code: 'host_key_unknown' })
    expect(call).toHaveBeenCalledTimes(2)
  })
})

describe('several hosts at once', () => {
  const all = ['nuc1', 'nuc2', 'nuc3', 'nuc4', 'nuc5', 'jetson']

  it('are asked for one after another, and a shared jump host once', async () => {
    const { engine, connection } = testbed()
    const inventory = engine.ssh.inventories.get(lab)
    const jumped = inventory.hosts.map((host) => ({ ...host, jump: ['gateway'] }))
    engine.ssh.inventories.save({ ...inventory, hosts: jumped }, lab)
    const done = connection.reach(lab, all, still)
    const asked: string[] = []
    while (asked.length < 20) {
      await settled()
      const question = connection.current
      if (question === null) break
      asked.push(question.kind === 'secret' ? question.needed.secret : question.key.target)
      if (question.kind === 'secret') await connection.give(['x'], false)
      else await connection.accept()
    }
    await done
    expect(asked.filter((target) => target === 'gateway')).toHaveLength(1)
    expect(asked.toSorted()).toEqual(['gateway', ...all, 'password', 'passphrase', 'answers'].toSorted())
  })

  it('are left when one question is not answered', async () => {
    const { connection } = testbed()
    const done = connection.reach(lab, all, still)
    done.catch(() => undefined)
    await vi.waitFor(() => expect(connection.waiting).toBe(5))
    connection.cancel()
    await expect(done).rejects.toMatchObject({ code: 'cancelled' })
    await settled()
    expect(connection.current).toBeNull()
  })

  it('that cannot be reached keep nobody else from being asked', async () => {
    const { engine, connection } = testbed()
    engine.ssh.access.acceptAll(lab)
    engine.ssh.access.setUnreachable('nuc3', 'timed out after 10 s')
    await connection.reach(lab, all, still)
    expect(connection.current).toBeNull()
  })
})

it('a host that never answers is not waited for once the user cancels', async () => {
  const { use } = withEngine({ checkConnection: () => new Promise(() => undefined) })
  const cancellation = new AbortController()
  const done = use(useConnection).reach(lab, ['nuc1'], cancellation.signal)
  cancellation.abort()
  await expect(done).rejects.toMatchObject({ code: 'cancelled' })
})

describe('errors', () => {
  it('without the details of a question are no question', () => {
    const body = { message: '', hint: '' }
    expect(questionOf({ ...body, code: 'host_key_unknown', details: {} })).toBeNull()
    expect(questionOf({ ...body, code: 'secret_needed', details: { lab: 1 } })).toBeNull()
    expect(questionOf({ ...body, code: 'unreachable', details: {} })).toBeNull()
  })
})
