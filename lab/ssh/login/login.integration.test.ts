import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../../testing/folders'
import { endProcess } from '../../testing/processes'
import { connectorTo, hostOf, noSecrets, type ConnectorParts } from '../../testing/ssh-lab'
import { usersMissing } from '../../testing/ssh-users'
import { newKey, sshdMissing, startSshd, type TestSshd } from '../../testing/sshd'

const missing = sshdMissing()
if (missing) console.warn(`skipped: ${missing}`)
const noUsers = missing ?? usersMissing()
if (noUsers) console.warn(`logins by password skipped: ${noUsers}`)

async function login(server: TestSshd, changes: object, parts: ConnectorParts = {}): Promise<string> {
  const session = await connectorTo([hostOf(server, 'nuc1', changes)], [], parts).connect('nuc1')
  try {
    return (await session.run(['id', '-un'])).stdout.trim()
  } finally {
    session.close()
  }
}

const passwords = ['PasswordAuthentication yes']

/** An agent with these keys, for one test. */
async function agentWith(keys: readonly string[]): Promise<string> {
  const socket = join(temporaryFolder(), 'agent.sock')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
  onTestFinished(() => endProcess(agent.pid as number))
  while (!existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 10))
  const env = { ...process.env, SSH_AUTH_SOCK: socket }
  if (keys.length > 0) execFileSync('ssh-add', ['-q', ...keys], { env, stdio: 'ignore' })
  return socket
}

describe.skipIf(missing)('login by key', () => {
  it('asks for the passphrase, says when it is wrong, and does not try a wrong one again', async () => {
    const server = await startSshd()
    const file = newKey(server.folder, 'mine', 'ed25519', 'open sesame')
    appendFileSync(server.authorizedKeys, readFileSync(`${file}.pub`))
    const secrets = noSecrets()
    const changes = { authentication: { kind: 'key', file } }
    const needed = { code: 'secret_needed', details: { target: 'nuc1', secret: 'passphrase', keyFile: file } }
    await expect(login(server, changes, { secrets })).rejects.toMatchObject({
      ...needed,
      details: { wasWrong: false },
    })
    await secrets.give({ lab: 'lab', kind: 'passphrase', target: 'nuc1', keyFile: file }, 'wrong', false)
    await expect(login(server, changes, { secrets })).rejects.toMatchObject({
      ...needed,
      details: { wasWrong: true },
    })
    await expect(login(server, changes, { secrets })).rejects.toMatchObject({
      ...needed,
      details: { wasWrong: true },
    })
    await secrets.give(
      { lab: 'lab', kind: 'passphrase', target: 'nuc1', keyFile: file },
      'open sesame',
      false,
    )
    expect(await login(server, changes, { secrets })).toBe(server.user)
  })

  it('says that the key is refused, and how to put it on the host', async () => {
    const server = await startSshd()
    const file = newKey(server.folder, 'stranger', 'rsa')
    await expect(login(server, { authentication: { kind: 'key', file } })).rejects.toMatchObject({
      code: 'authentication_failed',
      message: `nuc1 (127.0.0.1:${server.port}) refuses the key ${file} for ${server.user}`,
      hint: expect.stringContaining(
        `ssh-copy-id -i ${file} -p ${server.port} ${server.user}@127.0.0.1`,
      ) as string,
    })
  })

  it('says what the server offers instead', async () => {
    const server = await startSshd({ config: ['PubkeyAuthentication no', ...passwords] })
    await expect(login(server, {})).rejects.toMatchObject({
      code: 'authentication_failed',
      message: expect.stringContaining('does not offer authentication by key; it offers password') as string,
    })
  })
})

describe.skipIf(missing)('login by agent', () => {
  it('uses the keys of the named agent, or of SSH_AUTH_SOCK', async () => {
    const server = await startSshd()
    const socket = await agentWith([newKey(server.folder, 'other', 'ecdsa'), server.clientKey])
    expect(await login(server, { authentication: { kind: 'agent', socket } })).toBe(server.user)
    const env = { SSH_AUTH_SOCK: socket }
    expect(await login(server, { authentication: { kind: 'agent' } }, { env })).toBe(server.user)
  })

  it('says when there is none, none with keys, or one whose keys are refused', async () => {
    const server = await startSshd()
    const authentication = { kind: 'agent' }
    const failed = (text: string) => ({
      code: 'authentication_failed',
      message: expect.stringContaining(text) as string,
    })
    await expect(login(server, { authentication })).rejects.toMatchObject(failed('no SSH agent runs'))
    const gone = { SSH_AUTH_SOCK: join(server.folder, 'gone') }
    await expect(login(server, { authentication }, { env: gone })).rejects.toMatchObject(
      failed('does not answer'),
    )
    const empty = { SSH_AUTH_SOCK: await agentWith([]) }
    await expect(login(server, { authentication }, { env: empty })).rejects.toMatchObject(
      failed('has no key'),
    )
    const strange = { SSH_AUTH_SOCK: await agentWith([newKey(server.folder, 'stranger', 'ed25519')]) }
    await expect(login(server, { authentication }, { env: strange })).rejects.toMatchObject(
      failed('refuses the key of the SSH agent'),
    )
  })

  it('says that the server has ended too many attempts', async () => {
    const server = await startSshd({ config: ['MaxAuthTries 3'] })
    const keys = [1, 2, 3, 4, 5].map((n) => newKey(server.folder, `key${n}`, 'ed25519'))
    const socket = await agentWith(keys)
    await expect(login(server, { authentication: { kind: 'agent', socket } })).rejects.toMatchObject({
      code: 'authentication_failed',
      message: expect.stringContaining('too many authentication failures') as string,
      hint: expect.stringContaining('The agent has 5 keys') as string,
    })
  })
})

const strangeNames = ['lab', `o'brien "the" $(touch skymemory-ran) \\`]

describe.skipIf(noUsers)('login by password', () => {
  it.each(strangeNames)('of the user %s is asked for, used, and said to be wrong', async (name) => {
    const password = ` it's "$(id)" \\ ü `
    const server = await startSshd({ users: [{ name, password }], config: passwords })
    const secrets = noSecrets()
    const changes = { user: name, authentication: { kind: 'password' } }
    const needed = (wasWrong: boolean) => ({
      code: 'secret_needed',
      details: { lab: 'lab', target: 'nuc1', secret: 'password', keyFile: null, prompts: [], wasWrong },
    })
    await expect(login(server, changes, { secrets })).rejects.toMatchObject(needed(false))
    await secrets.give({ lab: 'lab', kind: 'password', target: 'nuc1' }, 'wrong', false)
    await expect(login(server, changes, { secrets })).rejects.toMatchObject(needed(true))
    const attempts = server.log().split('Failed password').length
    // It is not tried again: accounts get locked by that.
    await expect(login(server, changes, { secrets })).rejects.toMatchObject(needed(true))
    expect(server.log().split('Failed password')).toHaveLength(attempts)
    await secrets.give({ lab: 'lab', kind: 'password', target: 'nuc1' }, password, false)
    expect(await login(server, changes, { secrets })).toBe(name)
    for (const folder of [process.cwd(), join(server.folder, 'home-0')]) {
      expect(existsSync(join(folder, 'skymemory-ran'))).toBe(false)
    }
  })

  it('answers the question of a server that asks by PAM only', async () => {
    const server = await startSshd({ users: [{ name: 'lab', password: 'secret' }], questions: true })
    const secrets = noSecrets()
    const changes = { user: 'lab', authentication: { kind: 'password' } }
    await secrets.give({ lab: 'lab', kind: 'password', target: 'nuc1' }, 'wrong', false)
    await expect(login(server, changes, { secrets })).rejects.toMatchObject({
      code: 'secret_needed',
      details: { secret: 'password', wasWrong: true },
    })
    await secrets.give({ lab: 'lab', kind: 'password', target: 'nuc1' }, 'secret', false)
    expect(await login(server, changes, { secrets })).toBe('lab')
  })
})

describe.skipIf(noUsers)('login by answers', () => {
  const changes = { user: 'lab', authentication: { kind: 'keyboard_interactive' } }

  it('tells the questions of all rounds so far, and uses answers once', async () => {
    const server = await startSshd({
      users: [{ name: 'lab', password: 'secret' }],
      questions: true,
      config: ['AuthenticationMethods keyboard-interactive:pam,keyboard-interactive:pam'],
    })
    const secrets = noSecrets()
    const question = { text: expect.stringMatching(/password/i) as string, echo: false }
    const needed = (rounds: number, wasWrong: boolean) => ({
      code: 'secret_needed',
      details: { secret: 'answers', wasWrong, prompts: Array.from({ length: rounds }, () => question) },
    })
    await expect(login(server, changes, { secrets })).rejects.toMatchObject(needed(1, false))
    secrets.giveAnswers('lab', 'nuc1', ['secret'])
    await expect(login(server, changes, { secrets })).rejects.toMatchObject(needed(2, false))
    secrets.giveAnswers('lab', 'nuc1', ['secret', 'wrong'])
    await expect(login(server, changes, { secrets })).rejects.toMatchObject(needed(2, true))
    secrets.giveAnswers('lab', 'nuc1', ['secret', 'secret'])
    expect(await login(server, changes, { secrets })).toBe('lab')
    await expect(login(server, changes, { secrets })).rejects.toMatchObject(needed(1, false))
  })

  it('asks for them besides a key where the server wants both', async () => {
    const server = await startSshd({
      users: [{ name: 'lab', password: 'secret' }],
      questions: true,
      config: ['AuthenticationMethods publickey,keyboard-interactive'],
    })
    const secrets = noSecrets()
    const key = { user: 'lab', authentication: { kind: 'key', file: server.clientKey } }
    await expect(login(server, key, { secrets })).rejects.toMatchObject({
      code: 'secret_needed',
      details: { secret: 'answers', wasWrong: false },
    })
    secrets.giveAnswers('lab', 'nuc1', ['secret'])
    expect(await login(server, key, { secrets })).toBe('lab')
  })
})
