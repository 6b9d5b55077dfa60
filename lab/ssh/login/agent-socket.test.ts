import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { agentSocket } from './agent-login'

const pipe = (name: string): string => `\\\\.\\pipe\\${name}`

it('is the one that is named, else that of the session, else there is none', () => {
  const env = { SSH_AUTH_SOCK: '/run/agent' }
  expect(agentSocket('~/my agent', env, 'linux')).toBe(join(homedir(), 'my agent'))
  expect(agentSocket(null, env, 'linux')).toBe('/run/agent')
  expect(agentSocket(null, { SSH_AUTH_SOCK: '' }, 'linux')).toBeNull()
})

it('is on Windows the pipe of OpenSSH, of Pageant, or an old Pageant', () => {
  const socket = (...pipes: string[]) => agentSocket(null, {}, 'win32', () => pipes, 'ann')
  expect(socket('pageant.ann.0123', 'openssh-ssh-agent')).toBe(pipe('openssh-ssh-agent'))
  expect(socket('pageant.bob.9', 'pageant.ann.0123')).toBe(pipe('pageant.ann.0123'))
  expect(socket('other')).toBe('pageant')
  expect(agentSocket(pipe('mine'), {}, 'win32')).toBe(pipe('mine'))
  expect(agentSocket('pageant', {}, 'win32')).toBe('pageant')
})
