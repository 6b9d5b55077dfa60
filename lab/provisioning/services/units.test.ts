import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../testing/folders'
import { hostLayout, type HostLayout } from '../host-layout'
import { accountComment, serviceAccount, unitFile, unitName } from './service-names'
import { command, listedPath, singlePath } from './systemd-text'
import { unitText } from './units'

const subject = (layout: HostLayout, runsModels = false) => ({
  lab: 'rack',
  host: 'nuc1',
  layout,
  runsModels,
})
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

/** What systemd finds wrong with a unit whose folders exist. */
function verify(
  kind: 'system' | 'user',
  layout: HostLayout,
  change: (text: string) => string = (text) => text,
  runsModels = false,
): string {
  mkdirSync(posix.dirname(layout.node), { recursive: true })
  writeFileSync(layout.node, '#!/bin/sh\n')
  chmodSync(layout.node, 0o755)
  for (const folder of [layout.journals, layout.run]) mkdirSync(folder, { recursive: true })
  const file = join(temporaryFolder(), unitName('rack'))
  writeFileSync(file, change(unitText(kind, subject(layout, runsModels))))
  const args = ['verify', '--man=no', '--recursive-errors=no', ...(kind === 'user' ? ['--user'] : []), file]
  const { stdout, stderr, status } = spawnSync('systemd-analyze', args, {
    encoding: 'utf8',
    // It asks for this folder only to look for further units.
    env: { ...process.env, XDG_RUNTIME_DIR: temporaryFolder() },
  })
  return status === 0 && stdout + stderr === '' ? '' : `${status}: ${stdout}${stderr}`
}

/** Names of folders with everything that a shell or a unit file could take for something else. */
const hardNames = [
  'plain',
  'two  words',
  'a"b\'c',
  '$(touch x)',
  '${HOME} $HOME',
  '100%h %% %',
  'back\\slash\\',
  'ümläut 星',
  '-x;&|<>*?#~`',
]

describe.skipIf(!hasSystemd)('systemd accepts', () => {
  it.each(hardNames)('units below a folder named %j', (name) => {
    const home = join(temporaryFolder(), name)
    const layout = hostLayout('user', 'rack', home)
    expect(verify('user', layout)).toBe('')
    expect(verify('system', layout)).toBe('')
  })

  it.each(['system', 'user'] as const)('a %s unit of a host that runs models', (kind) => {
    const layout = hostLayout(kind, 'rack', temporaryFolder())
    expect(verify(kind, { ...layout, node: join(temporaryFolder(), 'node') }, undefined, true)).toBe('')
  })

  it('no unit with a mistake: what it says is heard', () => {
    const layout = hostLayout('user', 'rack', temporaryFolder())
    expect(
      verify('system', layout, (text) => text.replace('NoNewPrivileges=yes', 'NoNewPrivileges=perhaps')),
    ).not.toBe('')
    expect(verify('system', layout, (text) => text.replace('MemoryMax=80%', 'MemoryMax=8o%'))).not.toBe('')
    expect(verify('user', layout, (text) => text.replace('/node"', '/nod"'))).not.toBe('')
  })

  it('the limits of a system unit as they are meant', () => {
    const file = join(temporaryFolder(), unitName('rack'))
    writeFileSync(file, unitText('system', subject(hostLayout('system', 'rack', '/home/lab'))))
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=yes', '--no-pager', file], {
      encoding: 'utf8',
    })
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1])
    // Without limits a service has 9.6.
    expect(exposure).toBeLessThan(3)
  })
})

describe('a unit', () => {
  it('of the system has a user of its own and may write two folders', () => {
    const text = unitText('system', subject(hostLayout('system', 'rack', '/home/lab')))
    expect(text).toContain('\nUser=skymemory-rack\nGroup=skymemory-rack\n')
    expect(text).toContain('\nProtectSystem=strict\n')
    expect(text).toContain('\nReadWritePaths="/opt/skymemory/rack/journals" "/opt/skymemory/rack/run"\n')
    expect(text).toContain(
      '\nExecStart="/opt/skymemory/rack/current/node" "/opt/skymemory/rack/current/skymemory-agent.mjs" "--config" "/opt/skymemory/rack/current/config.json"\n',
    )
    for (const line of [
      'NoNewPrivileges=yes',
      'PrivateTmp=yes',
      'MemoryMax=80%',
      'Restart=on-failure',
      'StartLimitBurst=5',
    ])
      expect(text.split('\n')).toContain(line)
  })

  it('leaves room for a model where one is run, and outlives it', () => {
    const layout = hostLayout('system', 'rack', '/home/lab')
    const lines = (runsModels: boolean) => unitText('system', subject(layout, runsModels)).split('\n')
    const added = lines(true).filter((line) => !lines(false).includes(line))
    expect(added).toEqual(['MemoryMax=90%', 'OOMPolicy=continue', 'TasksMax=1024'])
    // Node and llama.cpp map memory that is run.
    expect(lines(true).join('\n')).not.toMatch(/MemoryDenyWriteExecute/)
  })

  it('of a user needs no right that the user does not have', () => {
    const text = unitText('user', subject(hostLayout('user', 'rack', '/home/lab')))
    expect(text).not.toMatch(/^(User|Group|CapabilityBoundingSet|ProtectSystem|PrivateTmp)=/m)
    expect(text).toContain('\nNoNewPrivileges=yes\n')
    expect(text).toContain('\nWantedBy=default.target\n')
  })

  it('is not there for a detached service', () => {
    expect(unitText('detached', subject(hostLayout('detached', 'rack', '/home/lab')))).toBe('')
    expect(unitFile('detached', 'rack', '/home/lab')).toBeNull()
    expect(unitFile('system', 'rack', '/home/lab')).toBe('/etc/systemd/system/skymemory-rack.service')
    expect(unitFile('user', 'rack', '/home/lab')).toBe(
      '/home/lab/.config/systemd/user/skymemory-rack.service',
    )
  })
})

/** What systemd makes of a quoted word with specifiers, and of variables where there are any. */
function unquoted(word: string, variables: boolean): string {
  expect(word).toMatch(/^".*"$/s)
  const inner = word.slice(1, -1).replaceAll(/\\(.)/gs, '$1').replaceAll('%%', '%')
  return variables ? inner.replaceAll('$$', '$') : inner
}

describe('text for unit files', () => {
  const texts = fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text))

  it('comes back as it was', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(unquoted(listedPath(text), false)).toBe(text)
        expect(singlePath(text).replaceAll('%%', '%')).toBe(text)
        const line = command(['/bin/true', text])
        expect(line.startsWith('"/bin/true" ')).toBe(true)
        const word = line.slice('"/bin/true" '.length)
        expect(unquoted(word, true)).toBe(text)
        expect(word.slice(1, -1)).not.toMatch(/(^|[^\\])(\\\\)*"/)
        expect(word.replaceAll('%%', '')).not.toContain('%')
        expect(word.replaceAll('$$', '')).not.toContain('$')
      }),
    )
  })

  it('starts a program that systemd would refuse by a shell, whose text is always the same', () => {
    expect(command(['/plain $x/node', 'a'])).toBe('"/plain $x/node" "a"')
    for (const program of ['/a"b', "/a'b", '/a\\b'])
      expect(command([program, 'a'])).toMatch(/^"\/bin\/sh" "-c" "exec \\"\$\$0\\" \\"\$\$@\\"" ".*" "a"$/)
  })

  it('never spreads over two lines', () => {
    for (const write of [
      singlePath,
      listedPath,
      (text: string) => command([text]),
      (text: string) => command(['/a', text]),
    ]) {
      for (const bad of ['/a\nExecStartPre=/bin/true', '/a\r', '/a\0b', '/a\x1b[0m'])
        expect(() => write(bad)).toThrow(/control characters/)
    }
  })
})

describe('the account of a system unit', () => {
  const labs = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,39}$/)

  it('has a name that useradd takes, of its own for each lab', () => {
    expect(serviceAccount('rack')).toBe('skymemory-rack')
    expect(accountComment('rack')).toBe('SkyMemory lab rack')
    fc.assert(
      fc.property(labs, labs, (one, other) => {
        expect(serviceAccount(one)).toMatch(/^[a-z][a-z0-9-]{0,31}$/)
        if (one !== other) expect(serviceAccount(one)).not.toBe(serviceAccount(other))
      }),
    )
    const long = 'a'.repeat(39)
    expect(serviceAccount(`${long}b`)).not.toBe(serviceAccount(`${long}c`))
    expect(serviceAccount(`${long}b`)).toHaveLength(32)
  })
})
