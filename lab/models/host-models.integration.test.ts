import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ModelTransfer } from '#shared/contract/model-api'
import type { Inventory } from '#shared/inventory/inventory'
import { otherBundle } from '../provisioning/testing/bundles'
import {
  agentVersionHere,
  provisionerFor,
  type ProvisionerParts,
  type ProvisionerUnderTest,
} from '../provisioning/testing/provisioning'
import { hostsOf, layoutOf, onHost, traceOf } from '../provisioning/testing/testbed-hosts'
import type { SshConnector } from '../ssh/ssh-session'
import { systemdMissing } from '../testbed/requirements'
import type { Testbed } from '../testbed/testbed'
import { bundleFor } from '../testing/agent-bundle'
import { temporaryFolder } from '../testing/folders'
import { noSecrets } from '../testing/ssh-lab'
import { noTestbed, testbedForTest } from '../testing/testbed'
import { HostModels } from './host-models'
import { ModelChecksums } from './model-checksums'
import { writeRandomModel } from './random-model'

const missing = noTestbed()
if (missing) console.warn(`Tests of models on hosts are skipped: ${missing}`)
const noSystemd = missing ?? systemdMissing()?.message ?? null

const never = (): AbortSignal => new AbortController().signal
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

let folder = ''
let file = ''
let other = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skymemory-model-'))
  file = join(folder, "it's $(a) model.gguf")
  other = join(folder, 'other.gguf')
  await writeRandomModel(file, { shape: 'tiny', seed: 1 })
  await writeRandomModel(other, { shape: 'tiny', seed: 2 })
  return () => rmSync(folder, { recursive: true, force: true })
})

interface ModelsUnderTest {
  readonly models: HostModels
  readonly transfers: ModelTransfer[]
}

function modelsOf(
  inventory: Inventory,
  connector: SshConnector,
  onTransfer: () => void = () => undefined,
): ModelsUnderTest {
  const transfers: ModelTransfer[] = []
  const models = new HostModels({
    access: { inventory: async () => inventory, connector: () => connector },
    secrets: noSecrets(),
    checksums: new ModelChecksums(temporaryFolder()),
    onTransfer: (transfer) => {
      transfers.push(transfer)
      onTransfer()
    },
    now: () => 1_700_000_000_000,
  })
  return { models, transfers }
}

describe.skipIf(missing)('models on a host without systemd', { timeout: 180_000 }, () => {
  let testbed: Testbed
  let agentEntry: string
  const layout = layoutOf('detached')
  beforeAll(async () => {
    agentEntry = (await bundleFor({ cli: false })).agent
    testbed = await testbedForTest({ hosts: 2 })
  })
  afterAll(() => testbed?.down())

  const aConsole = (parts: Partial<ProvisionerParts> = {}): Promise<ProvisionerUnderTest> =>
    provisionerFor(hostsOf(testbed), { agentEntry, agentVersion: agentVersionHere(), ...parts })
  const onDisk = (name: string): string => testbed.fileOf('jetson', join(layout.models, name))

  it('are sent, listed and removed; survive a new version; and go with the installation', async () => {
    const before = await traceOf(testbed, 'jetson')
    const lab = await aConsole()
    const { models, transfers } = modelsOf(lab.inventory, lab.connector)
    await expect(models.send('rack', null, { file, name: 'one' }, never())).rejects.toMatchObject({
      code: 'not_installed',
      hint: 'Deploy it first: skymemory lab apply rack',
    })
    await lab.apply()
    expect(await models.list('rack', null, never())).toEqual({ host: 'jetson', models: [] })

    const { size } = statSync(file)
    const sha256 = sha256Of(readFileSync(file))
    const sent = await models.send('rack', null, { file, name: 'one' }, never())
    expect(sent).toEqual({
      host: 'jetson',
      path: `${layout.models}/one.gguf`,
      bytes: size,
      bytesSent: size,
      sha256,
      problems: [],
    })
    expect(sha256Of(readFileSync(onDisk('one.gguf')))).toBe(sha256)
    expect(transfers.at(-1)).toEqual({
      lab: 'rack',
      host: 'jetson',
      name: 'one',
      bytesDone: size,
      bytes: size,
    })
    const expected = { name: 'one', bytes: size, sha256, addedAt: 1_700_000_000_000 }
    expect(JSON.parse(readFileSync(onDisk('one.json'), 'utf8'))).toEqual(expected)
    const listed = { ...expected, path: sent.path, foundBytes: size }
    expect(await models.list('rack', 'jetson', never())).toEqual({ host: 'jetson', models: [listed] })

    // What is there is not sent again; another model does not take its name.
    expect(await models.send('rack', null, { file, name: 'one' }, never())).toMatchObject({ bytesSent: 0 })
    await expect(models.send('rack', null, { file: other, name: 'one' }, never())).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('skymemory model remove one --lab rack') as string,
    })
    expect(await models.send('rack', null, { file: other, name: 'two' }, never())).toMatchObject({
      bytesSent: size,
    })

    // A new version, and the one before it again.
    const { data } = lab
    const next = await aConsole({ data, agentEntry: otherBundle(agentEntry, 'next') })
    expect((await next.apply('jetson')).hosts[0]).toMatchObject({ state: 'done', changed: true })
    expect((await next.rollBack('jetson')).hosts[0]).toMatchObject({ state: 'done', changed: true })
    const names = (await models.list('rack', null, never())).models.map(({ name }) => name)
    expect(names).toEqual(['one', 'two'])
    expect(sha256Of(readFileSync(onDisk('one.gguf')))).toBe(sha256)

    expect(await models.remove('rack', null, 'two', never())).toMatchObject({ name: 'two', bytes: size })
    expect(existsSync(onDisk('two.gguf')) || existsSync(onDisk('two.json'))).toBe(false)
    await expect(models.remove('rack', null, 'two', never())).rejects.toMatchObject({ code: 'not_found' })

    await lab.remove()
    expect(await traceOf(testbed, 'jetson')).toEqual(before)
  })

  it('go on where they broke off, and are repaired when their file is not whole', async () => {
    const lab = await aConsole()
    await lab.apply('jetson')
    const { models, transfers } = modelsOf(lab.inventory, lab.connector)
    const { size } = statSync(file)
    const ending = new AbortController()
    const { models: cancelling } = modelsOf(lab.inventory, lab.connector, () => ending.abort())
    await expect(cancelling.send('rack', null, { file, name: 'one' }, ending.signal)).rejects.toMatchObject({
      code: 'cancelled',
    })
    expect((await models.list('rack', null, never())).models).toEqual([])

    // As a connection leaves it that is lost in the middle.
    writeFileSync(onDisk('one.gguf.partial'), readFileSync(file).subarray(0, 10_000_000))
    const { bytesSent } = await models.send('rack', null, { file, name: 'one' }, never())
    expect(bytesSent).toBe(size - 10_000_000)
    expect(transfers[0]?.bytesDone).toBe(10_000_000)

    truncateSync(onDisk('one.gguf'), 1_000)
    expect((await models.list('rack', null, never())).models).toMatchObject([
      { foundBytes: 1_000, bytes: size },
    ])
    expect(await models.send('rack', null, { file, name: 'one' }, never())).toMatchObject({ bytesSent: size })
    expect((await models.list('rack', null, never())).models).toMatchObject([{ foundBytes: size }])
    await lab.remove()
  })

  it('are refused before anything is sent when they cannot be used', async () => {
    const lab = await aConsole()
    const { models } = modelsOf(lab.inventory, lab.connector)
    const broken = join(temporaryFolder(), 'broken.gguf')
    writeFileSync(broken, readFileSync(file).subarray(0, 5_000_000))
    await expect(models.send('rack', null, { file: broken, name: 'x' }, never())).rejects.toMatchObject({
      code: 'invalid_model',
    })
    await expect(
      models.send('rack', null, { file: join(folder, 'none.gguf'), name: 'x' }, never()),
    ).rejects.toMatchObject({ code: 'not_found' })
  })

  it('need a host to be named where there are several', async () => {
    const lab = await aConsole()
    const hosts = lab.inventory.hosts.map((host) => ({ ...host, role: 'inference' as const, models: false }))
    const { models } = modelsOf({ ...lab.inventory, hosts }, lab.connector)
    await expect(models.list('rack', null, never())).rejects.toMatchObject({
      code: 'invalid_argument',
      message: 'The lab rack has several inference hosts: nuc1, jetson',
    })
  })
})

describe.skipIf(noSystemd)('models of a system unit', { timeout: 240_000 }, () => {
  let testbed: Testbed
  let agentEntry: string
  beforeAll(async () => {
    agentEntry = (await bundleFor({ cli: false })).agent
    testbed = await testbedForTest({ hosts: 2, host: { systemd: true } })
  }, 120_000)
  afterAll(() => testbed?.down())

  it("are written by who logs in, read by the agent's account, and go with the installation", async () => {
    const lab = await provisionerFor(hostsOf(testbed), { agentEntry, agentVersion: agentVersionHere() })
    expect((await lab.apply('jetson')).hosts[0]).toMatchObject({ state: 'done', error: null })
    const { models } = modelsOf(lab.inventory, lab.connector)
    const sent = await models.send('rack', null, { file, name: 'one' }, never())
    expect(sent.path).toBe('/opt/skymemory/rack/models/one.gguf')
    const owner = await onHost(
      testbed,
      'jetson',
      'stat',
      '-c',
      '%U %a',
      '/opt/skymemory/rack/models',
      sent.path,
    )
    expect(owner).toBe('lab 755\nlab 644\n')
    const account = (
      await onHost(testbed, 'jetson', 'stat', '-c', '%U', '/opt/skymemory/rack/journals')
    ).trim()
    expect(account).not.toBe('lab')
    const read = await onHost(
      testbed,
      'jetson',
      'setpriv',
      '--reuid',
      account,
      '--clear-groups',
      'head',
      '-c',
      '4',
      sent.path,
    )
    expect(read).toBe('GGUF')
    await lab.remove('jetson')
    const traces = await traceOf(testbed, 'jetson')
    expect(traces.filter((line) => line.includes('skymemory'))).toEqual([])
  })
})
