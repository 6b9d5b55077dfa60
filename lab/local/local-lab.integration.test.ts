import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import type { LabHosts } from '../hosts/lab-hosts'
import { bundleFor } from '../testing/agent-bundle'
import { describeLabHosts } from '../testing/lab-hosts-suite'
import { isAlive, pidOf } from '../testing/processes'
import { localLab } from './local-lab'

const { agent } = await bundleFor({ cli: false })
const journalDirectory = mkdtempSync(join(tmpdir(), 'skymemory-journals-'))
afterAll(() => rmSync(journalDirectory, { recursive: true, force: true }))

const start = localLab({ nodeExecutable: process.execPath, agentEntry: agent, journalDirectory })
const kill = (lab: LabHosts, hostId: string): void => void process.kill(pidOf(lab, hostId), 'SIGKILL')

describeLabHosts('the local lab', { start, kill })

const shape = { slots: 3, planes: 2 }
const never = new AbortController().signal

describe('processes of the local lab', () => {
  it('are gone after a stop', async () => {
    const lab = await start(
      shape,
      () => undefined,
      () => undefined,
      never,
    )
    const pids = lab.hosts().map((host) => pidOf(lab, host.hostId))
    expect(pids.every(isAlive)).toBe(true)
    await lab.stop()
    expect(pids.filter(isAlive)).toEqual([])
  })

  it('are known by their hardware, and connected to each other', async () => {
    const lab = await start(
      shape,
      () => undefined,
      () => undefined,
      never,
    )
    onTestFinished(() => lab.stop())
    for (const { hardware, state } of lab.hosts()) {
      expect(hardware).toMatchObject({ cores: expect.any(Number) as number })
      expect(state).toMatchObject({ peersConnected: 2, peersExpected: 2 })
    }
  })

  it('share a machine, of which one of them tells, under the name of the lab', async () => {
    const lab = await start(
      shape,
      () => undefined,
      () => undefined,
      never,
    )
    onTestFinished(() => lab.stop())
    const read = () => lab.samples().get('jetson')?.machine ?? null
    while (read() === null) await lab.poll()
    expect(read()).toMatchObject({ machine: 'local', telemetry: { at: expect.any(Number) as number } })
    await lab.poll()
    expect([...lab.samples()].filter(([, sample]) => sample.machine !== null)).toHaveLength(1)
    expect(
      lab
        .hosts()
        .filter((host) => host.telemetry !== null)
        .map((host) => host.hostId),
    ).toEqual(['jetson'])
  })

  it('say why they do not start', async () => {
    const broken = localLab({
      nodeExecutable: process.execPath,
      agentEntry: '/nowhere/agent.mjs',
      journalDirectory,
    })
    await expect(
      broken(
        shape,
        () => undefined,
        () => undefined,
        never,
      ),
    ).rejects.toMatchObject({
      code: 'lab_start_failed',
      message: expect.stringContaining('/nowhere/agent.mjs') as string,
    })
    const noNode = localLab({ nodeExecutable: '/nowhere/node', agentEntry: agent, journalDirectory })
    await expect(
      noNode(
        shape,
        () => undefined,
        () => undefined,
        never,
      ),
    ).rejects.toMatchObject({ code: 'lab_start_failed' })
  })

  it('are gone when the start is cancelled', async () => {
    const controller = new AbortController()
    const starting = start(
      shape,
      () => controller.abort(),
      () => undefined,
      controller.signal,
    )
    await expect(starting).rejects.toMatchObject({ code: 'cancelled' })
  })
})
