import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { inventory } from './inventory'
import { sshForwardCommand } from './ssh-forward'

const lab = inventory.parse({
  name: 'attic',
  jump_hosts: [
    { name: 'gate', address: 'gate.example', user: 'ada', port: 2222 },
    { name: 'inner', address: 'fd00::1', user: 'lab' },
  ],
  hosts: [
    { role: 'inference', name: 'plain', address: '10.0.0.6', user: 'lab' },
    {
      role: 'satellite',
      name: 'far',
      address: '10.0.0.7',
      port: 2200,
      user: "it's $(id)",
      jump: ['gate', 'inner'],
      authentication: { kind: 'key', file: '~/.ssh/my key' },
    },
  ],
})

it('makes a port of a host one of this machine', () => {
  expect(sshForwardCommand(lab, 'plain', 8080)).toBe('ssh -N -L 8080:127.0.0.1:8080 lab@10.0.0.6')
  expect(sshForwardCommand(lab, 'none', 8080)).toBeNull()
})

it('goes over jump hosts, and no value becomes a part of the shell', () => {
  const command = sshForwardCommand(lab, 'far', 8080) ?? ''
  const words = execFileSync('sh', ['-c', command.replace(/^ssh/, 'printf "%s\\n"')], { encoding: 'utf8' })
  expect(words.trimEnd().split('\n')).toEqual([
    '-N',
    '-L',
    '8080:127.0.0.1:8080',
    '-i',
    '~/.ssh/my key',
    '-J',
    'ada@gate.example:2222,lab@[fd00::1]',
    '-p',
    '2200',
    "it's $(id)@10.0.0.7",
  ])
})
