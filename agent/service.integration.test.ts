import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { longestSocketPath } from '#shared/contract/agent-config'
import { hello, satelliteControl } from '#shared/contract/agent-control'
import { connect } from '#shared/contract/rpc'
import { agentBundle } from './testing/agent-process'

/** What keeps an agent running on a host without systemd, and the way in where SSH may not forward sockets. */
describe.skipIf(process.platform !== 'linux')('an agent as a service', () => {
  let directory: string
  const children: ChildProcess[] = []
  const at = (name: string): string => join(directory, name)
  const pidFile = (): string => at('run/supervisor.pid')
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'sky-service-'))))
  afterEach(async () => {
    agent('stop', '--pid-file', pidFile())
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
    rmSync(directory, { recursive: true, force: true })
  })

  /** Runs a command of the agent to its end. */
  function agent(...args: string[]) {
    return spawnSync(process.execPath, [agentBundle, ...args], { encoding: 'utf8', timeout: 60_000 })
  }

  function configure(changes: object = {}): string {
    const config = {
      role: 'satellite',
      hostId: 'nuc1',
      control: at('c.sock'),
      tls: null,
      bind: '127.0.0.1',
      port: 0,
    }
    writeFileSync(at('config.json'), JSON.stringify({ ...config, ...changes }))
    return at('config.json')
  }

  /** A host in the foreground, once it is ready or has ended. */
  async function start(config: string, umask = 0o022): Promise<{ child: ChildProcess; stderr: string }> {
    const shell = `umask ${umask.toString(8)}; exec "$0" "$@"`
    const child = spawn('sh', ['-c', shell, process.execPath, agentBundle, '--config', config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    let stderr = ''
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
    await Promise.race([once(child.stdout, 'data'), once(child, 'close')])
    return { child, stderr }
  }

  const supervise = () =>
    agent('supervise', '--config', at('config.json'), '--log', at('log/agent.log'), '--pid-file', pidFile())
  const supervisorOf = (result: { stdout: string }): number =>
    z.object({ supervisor: z.int() }).parse(JSON.parse(result.stdout)).supervisor

  function status() {
    const { stdout, status: code } = agent('status', '--config', at('config.json'), '--pid-file', pidFile())
    const said = z.object({
      supervisor: z.int().nullable(),
      agent: hello.nullable(),
      problem: z.string().nullable(),
    })
    return { code, ...said.parse(JSON.parse(stdout)) }
  }

  /** Waits until the host answers as another process than before. */
  async function answersAnew(before: number): Promise<number> {
    for (;;) {
      const pid = status().agent?.pid ?? before
      if (pid !== before) return pid
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async function gone(pid: number): Promise<void> {
    while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  describe('under the supervisor', () => {
    test('outlives whoever started it, in a session of its own, and ends when it is stopped', async () => {
      configure()
      const started = supervise()
      expect(started.stderr).toBe('')
      const supervisor = supervisorOf(started)
      const running = status()
      expect(running).toMatchObject({ code: 0, supervisor, agent: { hostId: 'nuc1' } })
      const fields = readFileSync(`/proc/${supervisor}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
      expect({ session: Number(fields[3]), terminal: Number(fields[4]) }).toEqual({
        session: supervisor,
        terminal: 0,
      })
      expect(readFileSync(pidFile(), 'utf8')).toBe(`${supervisor}\n`)

      expect(agent('stop', '--pid-file', pidFile()).stdout).toBe(`{"stopped":${supervisor}}\n`)
      await gone(running.agent?.pid ?? 0)
      expect(existsSync(pidFile())).toBe(false)
      expect(existsSync(at('c.sock'))).toBe(false)
      expect(status()).toMatchObject({ code: 3, supervisor: null, agent: null })
      expect(agent('stop', '--pid-file', pidFile()).stdout).toBe('{"stopped":null}\n')
    })

    test('is started once: a second supervisor is refused while the first lives', () => {
      configure()
      const supervisor = supervisorOf(supervise())
      const second = supervise()
      expect(second.status).toBe(1)
      expect(second.stderr).toContain(`process id ${supervisor} runs already`)
      const words = [
        '--config',
        at('config.json'),
        '--log',
        at('other.log'),
        '--pid-file',
        pidFile(),
        '--foreground',
      ]
      expect(agent('supervise', ...words).stderr).toContain(`process id ${supervisor} runs already`)
      expect(status().supervisor).toBe(supervisor)
    })

    test('is started again when it is killed', async () => {
      configure()
      supervise()
      const first = status().agent?.pid ?? 0
      process.kill(first, 'SIGKILL')
      const second = await answersAnew(first)
      expect(second).not.toBe(first)
      expect(readFileSync(at('log/agent.log'), 'utf8')).toContain(
        'was killed by SIGKILL; it is started again',
      )
    })

    test('ends with a supervisor that is killed, and the next one takes its place', async () => {
      configure()
      const supervisor = supervisorOf(supervise())
      const running = status().agent?.pid ?? 0
      process.kill(supervisor, 'SIGKILL')
      await gone(running)
      expect(readFileSync(pidFile(), 'utf8')).toBe(`${supervisor}\n`)
      expect(supervisorOf(supervise())).not.toBe(supervisor)
    })

    test('that cannot start is given up, and its last words are told', async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      configure({ port })
      const { status: code, stderr } = supervise()
      server.close()
      expect(code).toBe(1)
      expect(stderr).toContain(`port ${port} of 127.0.0.1 is taken by another program`)
      expect(stderr).toContain('it is not started again after 5 starts in 60 s')
      const lines = readFileSync(at('log/agent.log'), 'utf8').trim().split('\n')
      expect(lines.at(-1)).toContain('not started again')
      expect(lines.at(-2)).toContain(`port ${port}`)
      expect(existsSync(pidFile())).toBe(false)
    })

    test('says at once what is wrong with its configuration', () => {
      configure({ hostId: '' })
      const { status: code, stderr } = supervise()
      expect(code).toBe(1)
      expect(stderr).toContain(`${at('config.json')}: hostId`)
      expect(existsSync(at('log'))).toBe(false)
    })
  })

  describe('through the bridge', () => {
    function bridged() {
      const child = spawn(process.execPath, [agentBundle, 'bridge', '--control', at('c.sock')])
      children.push(child)
      const connection = createMessageConnection(
        new StreamMessageReader(child.stdout),
        new StreamMessageWriter(child.stdin),
      )
      const client = connect(connection, satelliteControl, 'nuc1')
      connection.listen()
      return { child, client }
    }

    test('it answers, and the bridge ends with its input', async () => {
      await start(configure())
      const { child, client } = bridged()
      expect((await client.call('hello', {})).hostId).toBe('nuc1')
      const exit = once(child, 'exit')
      child.stdin.end()
      expect(await exit).toEqual([0, null])
    })

    test('the bridge ends with the agent', async () => {
      const host = await start(configure())
      const { child, client } = bridged()
      await client.call('hello', {})
      const exit = once(child, 'exit')
      host.child.kill('SIGKILL')
      expect(await exit).toEqual([0, null])
    })

    test('it says that nobody is there', () => {
      const { status: code, stderr } = agent('bridge', '--control', at('none.sock'))
      expect(code).toBe(1)
      expect(stderr).toContain(`no agent answers on ${at('none.sock')}`)
    })
  })

  describe('on its control socket', () => {
    test.each([0o000, 0o022, 0o077])(
      'lets owner and group in alone, whatever the umask (%o)',
      async (umask) => {
        await start(configure(), umask)
        expect(statSync(at('c.sock')).mode & 0o777).toBe(0o660)
      },
    )

    test('replaces a socket that a killed agent left', async () => {
      const first = await start(configure())
      first.child.kill('SIGKILL')
      await once(first.child, 'exit')
      expect(existsSync(at('c.sock'))).toBe(true)
      await start(at('config.json'))
      expect(status().code).toBe(0)
    })

    test('refuses one on which another agent answers, and what is no socket', async () => {
      await start(configure())
      expect(agent('--config', at('config.json')).stderr).toContain(
        `another process answers on ${at('c.sock')}`,
      )
      writeFileSync(at('file'), 'precious')
      expect(agent('--config', configure({ control: at('file') })).stderr).toContain('is no socket')
      expect(readFileSync(at('file'), 'utf8')).toBe('precious')
    })

    test('refuses a path that the kernel would cut off', () => {
      const { status: code, stderr } = agent(
        '--config',
        configure({ control: at('x'.repeat(longestSocketPath)) }),
      )
      expect(code).toBe(1)
      expect(stderr).toContain(`at most ${longestSocketPath}`)
    })

    test('waits without a console, and ends by a signal without leaving its socket', async () => {
      const { child } = await start(configure())
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await exit).toEqual([0, null])
      expect(existsSync(at('c.sock'))).toBe(false)
    })
  })

  test('wrong words are told apart from failures', () => {
    expect(agent('moon').status).toBe(2)
    expect(agent('supervise', '--config', configure()).status).toBe(2)
    expect(agent('--nonsense').status).toBe(2)
    expect(agent('--help').stdout).toContain('supervise')
  })
})
