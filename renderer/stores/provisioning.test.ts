import { describe, expect, it, vi } from 'vitest'
import { withEngine, withStores } from '../testing/with-stores'
import { useConnection } from './connection'
import { useInventories } from './inventories'
import { useLab } from './lab'
import { usePreflight } from './preflight'
import { useProvisioning } from './provisioning'

const lab = 'testbed'

/** @param known keys and secrets were given before */
function testbed(known = true) {
  const { engine, use } = withStores()
  engine.ssh.addTestbed()
  if (known) engine.ssh.access.acceptAll(lab)
  return { engine, use }
}

/** Let time pass until the promise is settled. */
async function through<T>(engine: ReturnType<typeof testbed>['engine'], promise: Promise<T>): Promise<T> {
  let over = false
  void promise.finally(() => (over = true)).catch(() => undefined)
  for (let i = 0; i < 2_000 && !over; i++) {
    engine.advance(500)
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
  return promise
}

describe('preflight', () => {
  it('tells its progress, and keeps what it found', async () => {
    const { engine, use } = testbed()
    const preflight = use(usePreflight)
    const done = preflight.run(lab)
    await vi.waitFor(() => expect(preflight.reports.get(lab)?.finishedAt).toBeNull())
    expect(preflight.running.has(lab)).toBe(true)
    await through(engine, done)
    const report = preflight.reports.get(lab)!
    expect(report.finishedAt).not.toBeNull()
    expect(report.hosts.every(({ state, checks }) => state === 'done' && checks.length > 8)).toBe(true)
    // Five satellite hosts, each reached by four others and the inference host.
    expect(report.pairs).toHaveLength(25)
    expect(preflight.running.has(lab)).toBe(false)
  })

  it('asks first what the hosts need, and is nothing when that is not answered', async () => {
    const { use } = testbed(false)
    const [preflight, connection] = [use(usePreflight), use(useConnection)]
    const done = preflight.run(lab)
    await vi.waitFor(() => expect(connection.waiting).toBe(5))
    connection.cancel()
    await done
    expect([preflight.reports.size, preflight.errors.size, preflight.running.size]).toEqual([0, 0, 0])
  })

  it('says of each host why it could not be checked', async () => {
    const { engine, use } = testbed()
    engine.ssh.access.setUnreachable('nuc3', 'timed out after 10 s')
    const preflight = use(usePreflight)
    await through(engine, preflight.run(lab))
    const nuc3 = preflight.reports.get(lab)?.hosts.find(({ host }) => host === 'nuc3')
    expect(nuc3).toMatchObject({ state: 'done', checks: [], error: { code: 'unreachable' } })
  })

  it('can be cancelled, and keeps what was found by then', async () => {
    const { engine, use } = testbed()
    const preflight = use(usePreflight)
    const done = preflight.run(lab)
    await vi.waitFor(() => expect(preflight.reports.has(lab)).toBe(true))
    engine.advance(1_000)
    preflight.cancel(lab)
    await done
    expect(preflight.errors.has(lab)).toBe(false)
    expect(preflight.reports.get(lab)?.hosts[0]?.checks.length).toBeGreaterThan(0)
  })
})

describe('provisioning', () => {
  it('plans, applies, and finds nothing to change the second time', async () => {
    const { engine, use } = testbed()
    const provisioning = use(useProvisioning)
    await provisioning.plan(lab)
    expect(provisioning.plans.get(lab)?.hosts).toHaveLength(6)
    await through(engine, provisioning.act(lab, 'apply', null))
    expect(provisioning.states.get(lab)?.hosts.map(({ state, changed }) => [state, changed])).toEqual(
      Array.from({ length: 6 }, () => ['done', true]),
    )
    // A plan that was carried out says no longer what would happen.
    expect(provisioning.plans.has(lab)).toBe(false)
    await through(engine, provisioning.act(lab, 'apply', null))
    expect(provisioning.states.get(lab)?.hosts.every(({ changed }) => !changed)).toBe(true)
  })

  it('asks what single hosts need, and plans those again', async () => {
    const { engine, use } = testbed(false)
    const [provisioning, connection] = [use(useProvisioning), use(useConnection)]
    const done = provisioning.plan(lab)
    let questions = 0
    for (; questions < 40 && provisioning.planning.has(lab); questions++) {
      await new Promise((resolve) => setTimeout(resolve, 0))
      if (connection.current?.kind === 'secret') await connection.give(['x'], false)
      else await connection.accept()
    }
    await done
    expect(engine.ssh.access.keys(lab).map(({ target }) => target)).toContain('gateway')
    const plan = provisioning.plans.get(lab)!
    expect(plan.hosts.map(({ host, error }) => [host, error])).toEqual(
      engine.ssh.inventories.get(lab).hosts.map(({ name }) => [name, null]),
    )
  })

  it('retries a failed host alone, and keeps what was told of the others', async () => {
    const { engine, use } = testbed()
    const provisioning = use(useProvisioning)
    const full = { code: 'host_disk_full', message: 'nuc2: /opt is full', hint: '', details: {} } as const
    engine.ssh.provisioning.failNext('nuc2', full)
    await through(engine, provisioning.act(lab, 'apply', null))
    const stateOf = (host: string) => provisioning.states.get(lab)?.hosts.find((one) => one.host === host)
    expect(stateOf('nuc2')).toMatchObject({ state: 'failed', error: { code: 'host_disk_full' } })
    await through(engine, provisioning.act(lab, 'apply', ['nuc2']))
    expect(stateOf('nuc2')?.state).toBe('done')
    expect(provisioning.states.get(lab)?.hosts).toHaveLength(6)
    expect(stateOf('nuc5')?.state).toBe('done')
  })

  it('is cancelled on every host that is not done', async () => {
    const { engine, use } = testbed()
    const provisioning = use(useProvisioning)
    const done = provisioning.act(lab, 'apply', null)
    await vi.waitFor(() => expect(provisioning.busyLabs.has(lab)).toBe(true))
    engine.advance(500)
    await provisioning.cancel(lab)
    await through(engine, done)
    expect(provisioning.states.get(lab)?.hosts.every(({ state }) => state === 'cancelled')).toBe(true)
  })
})

describe('a lab of SSH hosts', () => {
  it('is connected to, lost in part and found again', async () => {
    const { engine, use } = testbed()
    engine.ssh.provisioning.install(lab)
    const state = use(useLab)
    expect(await state.start(19, 5, lab)).toBe(true)
    expect([state.running?.name, state.healthy]).toEqual([lab, 6])
    engine.cut('nuc3', 'no answer for 5 s')
    expect([state.healthy, state.unreachable.map(({ hostId }) => hostId)]).toEqual([5, ['nuc3']])
    engine.advance(4_000)
    expect(state.unreachable[0]?.state).toMatchObject({ attempts: 2 })
    engine.cut('nuc3', null)
    expect(state.healthy).toBe(6)
  })

  it.each([
    ['not_installed', () => undefined],
    [
      'version_skew',
      (engine: ReturnType<typeof testbed>['engine']) => engine.ssh.provisioning.install(lab, '0.0.9'),
    ],
    [
      'lab_held',
      (engine: ReturnType<typeof testbed>['engine']) => {
        engine.ssh.provisioning.install(lab)
        engine.ssh.holder = 'anna on bench-2'
      },
    ],
  ])('that cannot be used says why: %s', async (code, arrange) => {
    const { engine, use } = testbed()
    arrange(engine)
    const state = use(useLab)
    expect(await state.start(19, 5, lab)).toBe(false)
    expect([state.error?.code, state.refused, state.connecting]).toEqual([code, lab, null])
  })

  it('that never answers is given up when the user cancels', async () => {
    const { engine, use } = testbed()
    const inventory = engine.ssh.inventories.get(lab)
    const stopLab = vi.fn(() => null)
    const { use: useSlow } = withEngine({
      inventory: () => inventory,
      checkConnection: () => new Promise(() => undefined),
      stopLab,
    })
    const state = useSlow(useLab)
    const done = state.start(19, 5, lab)
    await vi.waitFor(() => expect(state.connecting).toBe(lab))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await state.cancelStart()
    expect(await done).toBe(false)
    expect([state.error, state.connecting]).toEqual([null, null])
    expect(stopLab).toHaveBeenCalled()
    expect(use(useLab).connecting).toBeNull()
  })

  it('is no error when the user does not answer', async () => {
    const { use } = testbed(false)
    const [state, connection] = [use(useLab), use(useConnection)]
    const done = state.start(19, 5, lab)
    await vi.waitFor(() => expect(connection.current).not.toBeNull())
    connection.cancel()
    expect(await done).toBe(false)
    expect(state.error).toBeNull()
  })
})

describe('inventories', () => {
  it('follow what is saved, renamed and removed', async () => {
    const { engine, use } = testbed()
    const inventories = use(useInventories)
    await inventories.refresh()
    expect(inventories.names).toEqual([lab])
    const inventory = await inventories.load(lab)
    await inventories.save({ ...inventory, name: 'bench' }, lab)
    expect(inventories.names).toEqual(['bench'])
    expect(inventories.details.has(lab)).toBe(false)
    await expect(inventories.load(lab)).rejects.toMatchObject({ code: 'not_found' })
    await inventories.load('bench')
    engine.ssh.inventories.save({ ...inventory, name: 'bench', description: 'new' }, 'bench')
    await vi.waitFor(() => expect(inventories.details.get('bench')?.description).toBe('new'))
    await inventories.remove('bench')
    expect(inventories.names).toEqual([])
  })
})
