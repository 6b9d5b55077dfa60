import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hostName } from '#shared/inventory/inventory'
import { inventoryYaml } from '#shared/inventory/inventory-yaml'
import { parseInventory } from '#shared/inventory/parse-inventory'
import { testbedTemplate } from '#shared/inventory/testbed-template'
import { demoSshConfig } from '../dev/ssh/demo-inventories'
import { withStores } from '../testing/with-stores'
import { problemsAt, problemsOfFile } from './field-problems'
import { hostNameOf, inventoryFromSshConfig } from './from-ssh-config'
import {
  freeName,
  inventoryDraftOf,
  parseNumber,
  parsePlanes,
  withAuthentication,
  withItem,
  withoutItem,
  withValue,
} from './inventory-draft'
import { useInventoryEditor } from './use-inventory-editor'

const text = `# our lab
name: bench
hosts:
  - role: satellite
    name: nuc1
    address: 10.0.0.1 # by the window
    user: lab
  - role: inference
    name: jetson
    address: 10.0.0.2
    user: nvidia
    jump: [gate]
jump_hosts:
  - name: gate
    address: gate.example
    user: anna
    authentication: { kind: key, file: ~/.ssh/id }
`

describe('the form of an inventory', () => {
  it('shows what is written, and what stands for what is not', () => {
    expect(inventoryDraftOf(text)).toMatchObject({
      name: 'bench',
      hosts: [
        { name: 'nuc1', role: 'satellite', port: '', authentication: 'agent', planes: '', service: 'auto' },
        { name: 'jetson', role: 'inference', jump: ['gate'] },
      ],
      jumpHosts: [{ name: 'gate', authentication: 'key', file: '~/.ssh/id' }],
    })
    expect(inventoryDraftOf('hosts: [')).toBeNull()
    expect(inventoryDraftOf('- a list')).toBeNull()
  })

  it('changes one value, and keeps comments and the rest', () => {
    const changed = withValue(text, ['hosts', 0, 'port'], 2222)
    expect(changed).toContain('port: 2222')
    expect(changed).toContain('# by the window')
    expect(changed).toContain('# our lab')
    expect(withValue(changed, ['hosts', 0, 'port'], undefined)).toBe(withValue(text, ['name'], 'bench'))
    expect(withValue('a: [', ['name'], 'x')).toBe('a: [')
  })

  it('says that a host runs models, or leaves it out', () => {
    const changed = withValue(text, ['hosts', 1, 'models'], true)
    expect(changed).toContain('models: true')
    expect(inventoryDraftOf(changed)?.hosts.map(({ models }) => models)).toEqual([false, true])
    expect(withValue(changed, ['hosts', 1, 'models'], undefined)).toBe(withValue(text, ['name'], 'bench'))
  })

  it('writes planes and jump hosts on a line', () => {
    expect(withValue(text, ['hosts', 0, 'planes'], [0, 1])).toContain('planes: [0, 1]')
  })

  it('writes only the fields that a way of logging in has', () => {
    const key = withAuthentication(text, 'hosts', 0, {
      authentication: 'key',
      socket: '/s',
      file: '~/.ssh/k',
    })
    expect(inventoryDraftOf(key)?.hosts[0]).toMatchObject({
      authentication: 'key',
      file: '~/.ssh/k',
      socket: '',
    })
    const password = withAuthentication(key, 'hosts', 0, {
      authentication: 'password',
      socket: '',
      file: 'x',
    })
    expect(password).not.toContain('~/.ssh/k')
    const agent = withAuthentication(password, 'hosts', 0, { authentication: 'agent', socket: '', file: '' })
    expect(inventoryDraftOf(agent)?.hosts[0]?.authentication).toBe('agent')
    expect(agent).toBe(withValue(text, ['name'], 'bench'))
  })

  it('adds and removes hosts', () => {
    const added = withItem('name: x\n', 'hosts', { role: 'satellite', name: 'a', address: 'b', user: 'c' })
    expect(inventoryDraftOf(added)?.hosts).toHaveLength(1)
    expect(inventoryDraftOf(withItem(added, 'hosts', { name: 'd' }))?.hosts).toHaveLength(2)
    const removed = withoutItem(text, 'hosts', 0)
    expect(inventoryDraftOf(removed)?.hosts.map(({ name }) => name)).toEqual(['jetson'])
    expect(withoutItem(text, 'jump_hosts', 0)).not.toContain('jump_hosts')
    expect(withoutItem(text, 'hosts', 7)).toBe(withValue(text, ['name'], 'bench'))
  })

  it('reads lists of planes, and leaves to the check what is none', () => {
    expect(parsePlanes('0, 2  4')).toEqual([0, 2, 4])
    expect(parsePlanes('0-2, 7')).toEqual([0, 1, 2, 7])
    expect(parsePlanes('5-2, x, 1.5')).toEqual(['5-2', 'x', 1.5])
    expect(parsePlanes('  ')).toBeUndefined()
    expect([parseNumber(''), parseNumber(' 22 '), parseNumber('ssh')]).toEqual([undefined, 22, 'ssh'])
  })

  it('finds free names', () => {
    expect(freeName('nuc', ['nuc1', 'nuc3'])).toBe('nuc2')
  })

  it('writes a file that says the same as the inventory', () => {
    const file = inventoryYaml(testbedTemplate())
    expect(file).not.toContain('port')
    expect(file).toContain('planes: [4]')
    expect(parseInventory(file)).toEqual({ ok: true, inventory: testbedTemplate() })
  })
})

describe('hosts of an SSH configuration', () => {
  it('become a lab with the jump hosts that they need', () => {
    const roles = new Map([
      ['nuc1', 'satellite'],
      ['Jetson Orin', 'inference'],
    ] as const)
    const parsed = parseInventory(inventoryFromSshConfig('bench', demoSshConfig, roles))
    if (!parsed.ok) throw new Error(parsed.problems[0]?.message)
    const { inventory } = parsed
    expect(inventory.hosts.map(({ name, jump }) => [name, jump])).toEqual([
      ['nuc1', ['gateway']],
      ['jetson-orin', ['gateway']],
    ])
    expect(inventory.hosts[0]?.authentication).toEqual({ kind: 'key', file: '~/.ssh/lab_ed25519' })
    expect(inventory.jump_hosts).toMatchObject([{ name: 'gateway', port: 2222, user: 'anna' }])
  })

  it('without a user are told at their field', () => {
    const yaml = inventoryFromSshConfig('bench', demoSshConfig, new Map([['build', 'inference']]))
    const parsed = parseInventory(yaml)
    expect(problemsAt(parsed.ok ? [] : parsed.problems)('hosts[0].user')).not.toBeNull()
  })

  it('always have a name that a host may have', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (alias) => {
        expect(hostName.safeParse(hostNameOf(alias)).success).toBe(true)
      }),
    )
  })
})

describe('problems', () => {
  const at = (path: string) => ({
    line: 1,
    column: 1,
    path,
    value: '',
    message: `wrong ${path}`,
    allowed: '',
  })

  it('stand at the field that they are about, or within it', () => {
    const find = problemsAt([at('hosts[1].planes[0]'), at('hosts[10].name')])
    expect(find('hosts[1].planes')).toBe('wrong hosts[1].planes[0]')
    expect(find('hosts[1].name')).toBeNull()
    expect(find('hosts[1]')).toBe('wrong hosts[1].planes[0]')
    expect(problemsAt([{ ...at('name'), allowed: 'small letters' }])('name')).toBe(
      'wrong name. Allowed: small letters',
    )
    // Beside its field, a message need not say which one it is, nor twice what is allowed.
    const full = { ...at('hosts[0].port'), message: 'hosts[0].port must be a port, not x', allowed: 'a port' }
    expect(problemsAt([full])('hosts[0].port')).toBe('must be a port, not x')
  })

  it('of no host are those of the file', () => {
    const problems = [at('name'), at('hosts'), at('hosts[0].name'), at('jump_hosts[0].user')]
    expect(problemsOfFile(problems).map(({ path }) => path)).toEqual(['name', 'hosts'])
  })
})

describe('the editor', () => {
  const good = withoutItem(text, 'jump_hosts', 0).replace('    jump: [gate]\n', '')

  it('saves what is right, and says what is not', async () => {
    const { engine, use } = withStores()
    const editor = use(() => useInventoryEditor(good, null))
    expect(await editor.save()).toBe('bench')
    expect(engine.ssh.inventories.get('bench').hosts).toHaveLength(2)
    editor.yaml.value = withValue(good, ['hosts', 0, 'port'], 70_000)
    expect(await editor.save()).toBeNull()
    expect(problemsAt(editor.problems.value)('hosts[0].port')).not.toBeNull()
    expect(editor.problems.value[0]?.line).toBe(8)
  })

  it('says that there is a lab of this name', async () => {
    const { engine, use } = withStores()
    engine.ssh.addTestbed()
    const editor = use(() => useInventoryEditor(inventoryYaml(testbedTemplate()), null))
    expect(await editor.save()).toBeNull()
    expect(editor.error.value?.code).toBe('conflict')
    const other = use(() => useInventoryEditor(inventoryYaml(testbedTemplate()), 'testbed'))
    expect(await other.save()).toBe('testbed')
  })
})
