import { beforeAll, describe, expect, it } from 'vitest'
import { issueAuthority, type Identity } from '../certificates/issue'
import type { HostFacts, PlaceFacts } from '../facts/host-facts'
import { bareHost } from '../testing/host-facts'
import {
  after,
  agent,
  changesOf,
  detailOf,
  jetson,
  llama,
  model,
  plansWith,
  refusal,
  start,
} from '../testing/planning'
import { llamaArchitecture } from './model-choice'

let authority: Identity
let plan: ReturnType<typeof plansWith>
beforeAll(async () => {
  authority = await issueAuthority('rack', start)
  plan = plansWith(authority)
})

const host = jetson()
const wanted = { host, model, packed: llama }

describe('the plan for a host that runs models', () => {
  it('brings the package in a step of its own, and the program that runs models beside the agent', () => {
    const deployment = plan(bareHost, wanted)
    expect(changesOf(deployment)).toEqual([
      'account create',
      'folders create',
      'runtime create',
      'llama create',
      'agent create',
      'version create',
      'certificate create',
      'unit create',
      'service create',
    ])
    const bytes = (id: string) => deployment.steps.find((step) => step.id === id)?.bytes
    expect([bytes('llama'), bytes('agent')]).toEqual([llama.bytes, agent.bytes + model.bytes])
    expect(detailOf(deployment, 'llama')).toBe(
      '/opt/skymemory/rack/llama/llama-x64-0123456789abcdef, 38.0 MB unpacked',
    )
    expect(JSON.parse(deployment.content.config)).toMatchObject({
      role: 'inference',
      llama: {
        packageFolder: '/opt/skymemory/rack/current/llama',
        modelsDirectory: '/opt/skymemory/rack/models',
      },
    })
    expect(deployment.content.models).toEqual({ sha256: model.sha256, llama: `../../llama/${llama.name}` })
    expect(deployment.content.unit).toContain('\nMemoryMax=90%\n')
  })

  it('counts the room for the package, and for what is unpacked of it', () => {
    const room = (parts: object): number => {
      const full = { ...bareHost, system: { ...bareHost.system, freeBytes: 1e6 } }
      const said = refusal(() => plan(full, { ...wanted, ...parts }))
      return Number(/ and (\d+) MB are needed/.exec(said)?.[1])
    }
    const without = room({ host: jetson({ models: false }), packed: null })
    expect(room({}) - without).toBe((llama.bytes + llama.unpackedBytes + 2 * model.bytes) / 1e6)
  })

  it('changes nothing a second time', async () => {
    const { facts, answer } = await after(plan(bareHost, wanted), authority)
    expect(changesOf(plan(facts, { ...wanted, answer }))).toEqual([])
  })

  it('repairs a package that is damaged, and brings one that is gone', async () => {
    const { facts, answer } = await after(plan(bareHost, wanted), authority)
    const found = (llamaPackages: PlaceFacts['llamaPackages']): HostFacts => ({
      ...facts,
      system: { ...facts.system, llamaPackages },
    })
    const damaged = plan(found(new Map([[llama.name, 'another']])), { ...wanted, answer })
    expect(changesOf(damaged)).toEqual(['llama update', 'service restart'])
    expect(detailOf(damaged, 'llama')).toMatch(/what is there is damaged$/)
    const gone = plan(found(new Map()), { ...wanted, answer })
    expect(changesOf(gone)).toEqual(['llama create', 'service restart'])
  })

  it('makes another version of another package, and keeps the one before for the way back', async () => {
    const first = plan(bareHost, wanted)
    const { facts, answer } = await after(first, authority)
    const next = { ...llama, name: 'llama-x64-fedcba9876543210', contentSha256: 'd'.repeat(64) }
    const second = plan(facts, { ...wanted, packed: next, answer })
    expect(changesOf(second)).toEqual(['llama create', 'version create', 'service restart'])
    expect(second.previousVersion).toBe(first.version)
    // The programs are those that are there.
    expect(second.agentFrom).toBe(first.version)
  })

  it('sends the programs where a version has the agent alone', async () => {
    const plain = plan(bareHost, { host: jetson({ models: false }) })
    const { facts, answer } = await after(plain, authority)
    expect(changesOf(plan(facts, { ...wanted, answer }))).toEqual([
      'llama create',
      'agent update',
      'version create',
      'unit update',
      'service restart',
    ])
  })

  it('clears away packages that no version needs', async () => {
    const { facts, answer } = await after(plan(bareHost, wanted), authority)
    const llamaPackages = new Map([...facts.system.llamaPackages, ['llama-x64-old', 'x']])
    const deployment = plan({ ...facts, system: { ...facts.system, llamaPackages } }, { ...wanted, answer })
    expect(changesOf(deployment)).toEqual(['old delete'])
    expect(detailOf(deployment, 'old')).toBe('llama-x64-old')
  })
})

describe('llama.cpp for a host', () => {
  const of = (facts: Partial<HostFacts>, changes: object = {}) =>
    llamaArchitecture(jetson(changes), { ...bareHost, ...facts })

  it('is that of its architecture, and none where none is wanted', () => {
    expect(of({})).toBe('x64')
    expect(of({ machine: 'aarch64', glibc: '2.35' })).toBe('arm64')
    expect(of({ glibc: '2.28' }, { models: false })).toBeNull()
    expect(of({ kernel: 'Darwin', glibc: null })).toBeNull()
  })

  it.each([
    [{ glibc: '2.31' }, /jetson cannot run models\. .*need glibc 2\.34, and this system has 2\.31/],
    [{ glibc: null }, /another C library/],
    [{ machine: 'riscv64' }, /Its machine is riscv64/],
  ])('is refused with %j', (facts, message) => {
    expect(refusal(() => of(facts))).toMatch(message)
    expect(refusal(() => of(facts))).toMatch(/^not_supported/)
  })
})
