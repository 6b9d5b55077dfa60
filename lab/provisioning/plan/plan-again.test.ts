import { beforeAll, describe, expect, it } from 'vitest'
import { issueAuthority, type Identity } from '../certificates/issue'
import { addDays } from '../certificates/periods'
import type { AgentAnswer, HostFacts } from '../facts/host-facts'
import type { Installation } from '../host-layout'
import { bareHost, noAnswer } from '../testing/host-facts'
import {
  after,
  agent,
  changesOf,
  detailOf,
  nuc1,
  plansWith,
  refusal,
  start,
  type PlanParts,
} from '../testing/planning'
import type { HostDeployment } from './deployment'

let authority: Identity
let otherAuthority: Identity
let plan: ReturnType<typeof plansWith>
beforeAll(async () => {
  authority = await issueAuthority('rack', start)
  otherAuthority = await issueAuthority('rack', start)
  plan = plansWith(authority)
})

describe.each(['system', 'user', 'detached'] as const)('the plan for a host with a %s service', (service) => {
  const host = nuc1({ service })
  let first: HostDeployment
  let facts: HostFacts
  let answer: AgentAnswer
  beforeAll(async () => {
    first = plan(bareHost, { host })
    ;({ facts, answer } = await after(first, authority))
  })
  const again = (changes: PlanParts = {}, found: Partial<HostFacts> = {}) =>
    plan({ ...facts, ...found }, { host, answer, ...changes })
  /** With another installation at its place. */
  const placed = (change: (place: HostFacts['own']) => Partial<HostFacts['own']>): Partial<HostFacts> => {
    const name = service === 'system' ? 'system' : 'own'
    return { [name]: { ...facts[name], ...change(facts[name]) } }
  }

  it('changes nothing the second time, also where the choice is free', () => {
    expect(changesOf(again())).toEqual([])
    expect(changesOf(again({ host: nuc1() }))).toEqual([])
    expect(detailOf(again(), 'service')).toBe('runs, process 4712')
  })

  it('needs no room when nothing is sent', () => {
    expect(
      changesOf(
        again(
          {},
          placed(() => ({ freeBytes: 0 })),
        ),
      ),
    ).toEqual([])
  })

  it('brings another agent beside the present one, which stays as the one before', () => {
    const newer = { ...agent, version: '1.3.0', sha256: 'b'.repeat(64) }
    const deployment = again({ agent: newer })
    expect(changesOf(deployment)).toEqual(['agent update', 'version create', 'service restart'])
    expect(deployment.previousVersion).toBe(first.version)
    expect(deployment.version).toMatch(/^1\.3\.0-/)
    expect(detailOf(deployment, 'service')).toBe('because of: agent program, version folder')
  })

  it('makes another version for another configuration, and sends no agent again', () => {
    const deployment = again({ host: nuc1({ service, data_port: 7421 }) })
    expect(changesOf(deployment)).toEqual(['version create', 'service restart'])
    expect(deployment.version).not.toBe(first.version)
    expect(deployment.agentFrom).toBe(first.version)
    expect(deployment.steps.every(({ bytes }) => bytes === 0)).toBe(true)
  })

  it('renews the certificate in the last third of its time, and restarts the agent with it', () => {
    const at = (days: number): HostDeployment => again({ now: addDays(start, days) })
    expect(changesOf(at(242))).toEqual([])
    const late = at(244)
    expect(changesOf(late)).toEqual(['certificate update', 'service restart', 'old delete'])
    expect(late.renewal).toBe('it ends on 2027-03-01')
    expect(detailOf(late, 'service')).toBe('because of: certificate')
    expect(at(400).renewal).toBe('it ended on 2027-03-01')
  })

  it.each([
    ['the authority is another one', () => ({}), /another authority/, true],
    [
      'the certificate of the authority beside it is another one',
      () => ({ authority: otherAuthority.certificate }),
      /beside it is another one/,
      false,
    ],
    ['its key is missing', () => ({ key: null }), /its key is missing/, false],
    ['its key is empty', () => ({ key: { mode: '600', uid: 1000, bytes: 0 } }), /its key is missing/, false],
    [
      'others may read its key',
      () => ({ key: { mode: '644', uid: service === 'system' ? 996 : 1000, bytes: 200 } }),
      /other owners or rights/,
      false,
    ],
    [
      'its key is another user’s',
      () => ({ key: { mode: '600', uid: 1234, bytes: 200 } }),
      /other owners/,
      false,
    ],
  ])('renews the certificate when %s', (_, change, why, byOther) => {
    const changes = byOther ? { authority: otherAuthority.certificate } : {}
    const deployment = again(changes, placed(change))
    expect(changesOf(deployment)).toEqual(['certificate update', 'service restart', 'old delete'])
    expect(deployment.renewal).toMatch(why)
  })

  it('repairs what is not as it was made', () => {
    const { version } = first
    const entry = (change: object) =>
      placed(({ versions }) => ({
        versions: new Map([...versions].map(([name, each]) => [name, { ...each, ...change }])),
      }))
    expect(changesOf(again({}, entry({ agentSha256: '-' })))).toEqual([
      'agent update',
      'version update',
      'service restart',
    ])
    expect(changesOf(again({}, entry({ configSha256: 'x' })))).toEqual(['version update', 'service restart'])
    expect(changesOf(again({}, entry({ unitSha256: 'x' })))).toEqual(['version update', 'service restart'])
    expect(changesOf(again({}, entry({ node: '/bin/false' })))).toEqual(['version update', 'service restart'])
    const spoiled = placed(({ runtimes }) => ({
      runtimes: new Map([...runtimes.keys()].map((name) => [name, 'x'])),
    }))
    expect(changesOf(again({}, spoiled))).toEqual(['runtime update', 'service restart'])
    expect(
      changesOf(
        again(
          {},
          placed(({ folders }) => ({ folders: new Map([...folders].filter(([name]) => name !== 'run')) })),
        ),
      ),
    ).toEqual(['folders update', 'service restart'])
    expect(
      changesOf(
        again(
          {},
          placed(() => ({ installation: 'damaged' })),
        ),
      ),
    ).toEqual(['service restart'])
    expect(detailOf(again(), 'version')).toContain(version)
  })

  it('restarts an agent that does not answer, is another one, or another version', () => {
    if (answer.hello === null) throw new Error('it must answer here')
    const silent: AgentAnswer = { hello: null, why: 'nobody listens' }
    expect(detailOf(again({ answer: silent }), 'service')).toBe('it does not answer: nobody listens')
    for (const change of [{ hostId: 'nuc2' }, { role: 'inference' }, { version: '1.1.0' }] as const)
      expect(changesOf(again({ answer: { hello: { ...answer.hello, ...change } } }))).toEqual([
        'service restart',
      ])
  })

  it('restarts an agent of which it is not known whether it runs with what is installed', () => {
    const { version } = first
    const elsewhere = again(
      {},
      placed(() => ({ current: 'other' })),
    )
    expect(changesOf(elsewhere)).toEqual(['service restart'])
    expect(detailOf(elsewhere, 'service')).toBe(`with version ${version}`)
    const since = again(
      {},
      placed(() => ({ identity: 'bbbb', identities: ['bbbb'] })),
    )
    expect(detailOf(since, 'service')).toBe('whether it runs with what is installed is not known')
  })

  it('starts an agent that was stopped', () => {
    const stopped: Partial<HostFacts> =
      service === 'detached'
        ? placed(() => ({ supervisor: null }))
        : { units: { ...facts.units, [service]: { ...facts.units[service], state: 'inactive' } } }
    expect(changesOf(again({ answer: noAnswer }, stopped))).toEqual(['service create'])
  })

  it('clears away versions beyond the one before, runtimes that nobody uses, and parts of broken work', () => {
    const extra = {
      agentSha256: 'c',
      configSha256: 'd',
      unitSha256: 'e',
      modelSha256: '-',
      llama: '-',
      node: '../../runtimes/old/bin/node',
    }
    const deployment = again(
      {},
      placed(({ versions, runtimes, identities }) => ({
        versions: new Map([...versions, ['0.9.0-x', extra]]),
        runtimes: new Map([...runtimes, ['old', 'f']]),
        identities: [...identities, 'aaaa'],
        leftovers: ['staging/x.partial'],
      })),
    )
    expect(changesOf(deployment)).toEqual(['old delete'])
    expect(detailOf(deployment, 'old')).toBe('version 0.9.0-x, old, certificate aaaa, staging/x.partial')
  })

  it('keeps the version before, with the runtime that it needs, as long as it is there', () => {
    const node = '../../runtimes/node-before/bin/node'
    const before = {
      agentSha256: 'c',
      configSha256: 'd',
      unitSha256: 'e',
      modelSha256: '-',
      llama: '-',
      node,
    }
    const withBefore = placed(({ versions, runtimes, installation }) => ({
      versions: new Map([...versions, ['before', before]]),
      runtimes: new Map([...runtimes, ['node-before', 'f']]),
      installation: { ...(installation as Installation), previousVersion: 'before' },
    }))
    expect(changesOf(again({}, withBefore))).toEqual([])
    expect(again({}, withBefore).previousVersion).toBe('before')
    const isGone = placed(({ installation }) => ({
      installation: { ...(installation as Installation), previousVersion: 'before' },
    }))
    expect(again({}, isGone).previousVersion).toBeNull()
  })

  it('ends the services of other kinds when it becomes another one', () => {
    const other = service === 'detached' ? 'user' : 'detached'
    const deployment = again({ host: nuc1({ service: other }) })
    expect(changesOf(deployment)).toContain('replaced delete')
    expect(deployment.replaced).toContain(service)
  })

  it('is none when the place belongs to another host of the lab', () => {
    expect(refusal(() => again({ host: { ...host, name: 'nuc2' } }))).toMatch(/^conflict: nuc2 and nuc1 are/)
    expect(again({ host: { ...host, name: 'nuc2' }, hosts: ['nuc2'] }).version).not.toBe(first.version)
  })
})

describe('a systemd unit', () => {
  it('is set up again when it is another one or not enabled', async () => {
    const { facts, answer } = await after(plan(), authority)
    const unit = facts.units.system
    if (unit === null) throw new Error('there must be one here')
    for (const change of [{ sha256: 'x' }, { isEnabled: false }]) {
      const found = { ...facts, units: { ...facts.units, system: { ...unit, ...change } } }
      expect(changesOf(plan(found, { answer }))).toEqual(['unit update', 'service restart'])
    }
  })
})
