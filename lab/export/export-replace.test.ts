import * as files from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { anEngine, isFinished, threeTrials } from '../testing/engine'
import { temporaryFolder } from '../testing/folders'
import { memoryLabs } from '../testing/memory-lab'

vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof files>()
  return { ...real, rename: vi.fn(real.rename) }
})

it('puts the earlier export back when the new one cannot take its place', async () => {
  const { client, until } = await anEngine(memoryLabs().start)
  const { runId } = await client.call('startRun', { yaml: threeTrials })
  await until(runId, isFinished)
  const parent = temporaryFolder()
  const { directory } = await client.call('exportRun', { runId, directory: parent })
  const before = readFileSync(join(directory, 'manifest.json'), 'utf8')

  // The earlier folder is moved away; then something keeps the new one from its name.
  const rename = vi.mocked(files.rename)
  const move = rename.getMockImplementation()
  rename
    .mockImplementationOnce(async (from, to) => move?.(from, to))
    .mockImplementationOnce(() => Promise.reject(new Error('EBUSY: resource busy or locked')))
  await expect(client.call('exportRun', { runId, directory: parent })).rejects.toMatchObject({
    code: 'export_failed',
  })
  expect(readFileSync(join(directory, 'manifest.json'), 'utf8')).toBe(before)
  expect(readdirSync(parent)).toEqual([runId])
})
