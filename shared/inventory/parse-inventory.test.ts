import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inventory, type Inventory } from './inventory'
import { inventoryYaml } from './inventory-yaml'
import { parseInventory } from './parse-inventory'
import { testbedTemplate } from './testbed-template'

const twoHosts = `name: lab
hosts:
  - role: satellite
    name: nuc1
    address: 10.0.0.1
    user: ada
  - role: inference
    name: jetson
    address: 10.0.0.2
    user: ada
`

const problemsOf = (yaml: string) => {
  const parsed = parseInventory(yaml)
  return parsed.ok ? [] : parsed.problems
}

it('fills in what is left out', () => {
  expect(parseInventory(twoHosts)).toMatchObject({
    ok: true,
    inventory: {
      hosts: [
        { port: 22, authentication: { kind: 'agent' }, jump: [], service: 'auto', data_port: 7420 },
        { role: 'inference' },
      ],
      jump_hosts: [],
    },
  })
})

const target = {
  address: fc.constantFrom('10.0.0.1', 'nuc.lab', 'fe80::1', 'a b$(c)'),
  port: fc.integer({ min: 1, max: 65_535 }),
  user: fc.string({ minLength: 1, maxLength: 20 }).filter((text) => /^[^-\p{Cc}][^\p{Cc}]*$/u.test(text)),
  authentication: fc.constantFrom(
    { kind: 'agent' },
    { kind: 'agent', socket: '/tmp/a b' },
    { kind: 'key', file: "~/.ssh/it's #1: key" },
    { kind: 'password' },
  ),
}

it('is read from what it was written to', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record(target), { minLength: 2, maxLength: 6 }),
      fc.record(target),
      fc.string({ maxLength: 50 }).filter((text) => !/[\ud800-\udfff]/.test(text)),
      (hosts, bastion, description) => {
        const lab: Inventory = inventory.parse({
          name: 'lab',
          description,
          hosts: hosts.map((host, index) => ({
            ...host,
            name: `h${index}`,
            ...(index === 0 ? { role: 'inference' } : { role: 'satellite', data_port: 7_000 + index }),
            jump: index === 1 ? ['bastion'] : [],
          })),
          jump_hosts: [{ ...bastion, name: 'bastion' }],
        })
        expect(parseInventory(inventoryYaml(lab))).toEqual({ ok: true, inventory: lab })
      },
    ),
  )
})

it('takes the testbed of the paper', () => {
  const lab = testbedTemplate()
  expect(parseInventory(inventoryYaml(lab))).toEqual({ ok: true, inventory: lab })
})

describe('what is wrong is told with its place', () => {
  const second = (lines: string) =>
    twoHosts.replace('  - role: inference', `  - role: satellite\n${lines}\n  - role: inference`)
  const nuc2 = '    name: nuc2\n    address: 10.0.0.3\n    user: ada'
  it.each([
    [
      'an unknown key',
      twoHosts.replace('user: ada', 'usr: ada'),
      6,
      /unknown key usr in hosts\[0\]; did you mean user/,
    ],
    [
      'a port',
      twoHosts.replace('user: ada', 'user: ada\n    port: 0'),
      7,
      /hosts\[0\].port must be a port from 1/,
    ],
    ['a name', twoHosts.replace('nuc1', 'Nuc 1'), 4, /hosts\[0\].name must be a name of small letters/],
    [
      'models of a satellite host',
      twoHosts.replace('user: ada', 'user: ada\n    models: true'),
      7,
      /unknown key models/,
    ],
    [
      'models of another kind',
      twoHosts.replace('10.0.0.2\n', '10.0.0.2\n    models: some\n'),
      10,
      /models must be true or false/,
    ],
    [
      'a role',
      twoHosts.replace('role: satellite', 'role: relay'),
      3,
      /hosts\[0\].role must be satellite or inference/,
    ],
    ['an option as an address', twoHosts.replace('10.0.0.1', '-oProxyCommand=x'), 5, /must be a host name/],
    [
      'a kind of login',
      twoHosts.replace('user: ada', 'user: ada\n    authentication: { kind: magic }'),
      7,
      /one of agent, key/,
    ],
    ['no inference host', twoHosts.replace('role: inference', 'role: satellite'), 3, /no inference host/],
    ['a name twice', second(nuc2.replace('nuc2', 'nuc1')), 8, /two hosts have the name nuc1/],
    ['an unknown jump host', second(`${nuc2}\n    jump: [gate]`), 11, /no jump host gate/],
    ['planes of some', second(`${nuc2}\n    planes: [0]`), 3, /nuc1 has no planes/],
    [
      'one data address twice',
      second(nuc2.replace('10.0.0.3', '10.0.0.1')),
      7,
      /data address 10.0.0.1:7420 already/,
    ],
    ['no hosts', 'name: lab\nhosts: []', 2, /hosts must be a list of one or more/],
    ['no YAML', 'name: [', 1, /./],
    ['a secret', twoHosts.replace('user: ada', 'user: ada\n    password: x'), 7, /unknown key password/],
  ])('%s', (_what, yaml, line, message) => {
    const problems = problemsOf(yaml)
    const found = problems.find((problem) => message.test(problem.message))
    expect(found, problems.map((problem) => problem.message).join('; ')).toMatchObject({ line })
  })
})

it('never throws, whatever it is given', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseInventory(text)))
})
