import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dataDirectory, engineOptions, installationAt, llamaPlaces, resultsDirectory } from './environment'

describe('where things lie', () => {
  it('agents, threads, documents and what draws figures are found from the program itself', () => {
    const installation = installationAt(join('/app', 'out', 'cli', 'skymemory.mjs'))
    const { agentEntry, workerEntry, figuresDirectory, documentsDirectory } = installation
    expect(agentEntry).toBe(join('/app', 'out', 'agent', 'skymemory-agent.mjs'))
    expect(workerEntry).toBe(join('/app', 'out', 'workers', 'skymemory-worker.mjs'))
    expect(figuresDirectory).toBe(join('/app', 'out', 'figures'))
    expect(documentsDirectory).toBe(join('/app', 'out', 'documents'))
  })

  it('llama.cpp is where the environment says, or in the checkout; what it consists of is part of the program', () => {
    const installation = installationAt(join('/app', 'out', 'cli', 'skymemory.mjs'))
    const [checkout, manifest] = [join('/app', 'agent', 'llama'), join('/app', 'out', 'llama')]
    expect(llamaPlaces(installation, {})).toEqual({ elsewhere: [checkout], manifest })
    expect(llamaPlaces(installation, { SKYMEMORY_LLAMA: '/x' })).toEqual({
      elsewhere: [resolve('/x'), checkout],
      manifest,
    })
  })

  it('the command line goes before the environment, and that before the default', () => {
    expect(dataDirectory('/a', { SKYMEMORY_DATA: '/b' })).toBe(resolve('/a'))
    expect(dataDirectory(undefined, { SKYMEMORY_DATA: '/b' })).toBe(resolve('/b'))
    expect(dataDirectory(undefined, { SKYMEMORY_DATA: '' })).toContain('skymemory-console')
    expect(resultsDirectory(undefined)).toBe(resolve('results'))
    expect(resultsDirectory('x')).toBe(resolve('x'))
  })

  it('hosts run on the Node of this program', () => {
    expect(engineOptions(installationAt('/app/out/cli/skymemory.mjs'), '/data')).toMatchObject({
      dataDirectory: '/data',
      nodeExecutable: process.execPath,
      gitRevision: 'unknown',
    })
  })
})
