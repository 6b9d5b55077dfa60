import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../testing/folders'
import { sshConfigHosts } from './ssh-config'

function aHome(config: string, further: Readonly<Record<string, string>> = {}): string {
  const home = temporaryFolder()
  for (const [name, text] of Object.entries({ '.ssh/config': config, ...further })) {
    mkdirSync(join(home, name, '..'), { recursive: true })
    writeFileSync(join(home, name), text)
  }
  return home
}

it('takes the hosts without wildcards, with the values that ssh would use', async () => {
  const home = aHome(`
# the lab
Host nuc1 nuc2
  HostName %h.lab.example
  Port 2222
  ProxyJump gate,ada@inner:23
host gate
  hostname = 192.0.2.7
  User root
Host *.example !nuc1
  User nobody
Host *
  User ada
  IdentityFile ~/.ssh/lab key
  IdentityFile ~/.ssh/other
`)
  const nuc = { port: 2222, user: 'ada', keyFile: '~/.ssh/lab key', jump: ['gate', 'ada@inner:23'] }
  expect(await sshConfigHosts(null, home)).toEqual([
    { alias: 'nuc1', address: 'nuc1.lab.example', ...nuc },
    { alias: 'nuc2', address: 'nuc2.lab.example', ...nuc },
    { alias: 'gate', address: '192.0.2.7', port: 22, user: 'root', keyFile: '~/.ssh/lab key', jump: [] },
  ])
})

it('follows includes, also with wildcards and in circles', async () => {
  const home = aHome('Include config.d/*.conf\nInclude ~/.ssh/missing\nHost last\n', {
    '.ssh/config.d/b.conf': 'Host b\n',
    '.ssh/config.d/a.conf': 'Host a\nInclude ../.ssh/config\n',
    '.ssh/config.d/readme': 'Host not-this-one\n',
  })
  expect((await sshConfigHosts(null, home)).map(({ alias }) => alias)).toEqual(['a', 'b', 'last'])
})

it('runs no program of a Match', async () => {
  const home = aHome('Host a\n')
  const proof = join(home, 'ran')
  writeFileSync(join(home, '.ssh/config'), `Match exec "touch ${proof}"\n  User evil\nHost a\n  User ada\n`)
  expect(await sshConfigHosts(null, home)).toMatchObject([{ alias: 'a', user: 'ada' }])
  expect(existsSync(proof)).toBe(false)
})

it('is empty where the user has none, and says so of a file that was named', async () => {
  const home = temporaryFolder()
  expect(await sshConfigHosts(null, home)).toEqual([])
  await expect(sshConfigHosts(join(home, 'none'), home)).rejects.toMatchObject({ code: 'not_found' })
})
