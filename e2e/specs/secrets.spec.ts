import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { descendantsOf } from '../../lab/testing/processes'
import {
  launchSshd,
  newKey,
  sshdMissing,
  type SshdOptions,
  type TestSshd,
} from '../../lab/testing/sshd-process'
import { usersMissing } from '../../lab/testing/ssh-users'
import { answerSaveDialog } from '../dialogs'
import { engineCall } from '../engine-call'
import { expect, test as base } from '../fixtures'
import { LabPages } from '../pages/lab-pages'
import { filesWith, holds, processesWith } from '../planted-secrets'

/** Texts that stand nowhere else. */
const planted = {
  password: 'planted-p4ssword-7f3a-in-the-window',
  passphrase: 'planted-p4ssphrase-91c2-in-the-window',
  wrong: 'planted-wr0ng-55e8-in-the-window',
}
const secrets = Object.values(planted)

const test = base.extend<{ sshd: (options?: SshdOptions) => Promise<TestSshd> }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads fixtures off the pattern
  sshd: async ({}, use) => {
    const folders: string[] = []
    const servers: TestSshd[] = []
    await use(async (options) => {
      const folder = mkdtempSync(join(tmpdir(), 'skymemory-sshd-'))
      folders.push(folder)
      const server = await launchSshd(folder, options)
      servers.push(server)
      return server
    })
    for (const server of servers) await server.stop()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  },
})

const missing = sshdMissing()

test('a password and a passphrase that are given in the window stand nowhere in clear', async ({
  app,
  page,
  workspace,
  sshd,
  pageErrors,
}) => {
  const why = missing ?? usersMissing()
  test.skip(why !== null, why ?? '')
  const server = await sshd({
    users: [{ name: 'lab', password: planted.password }],
    config: ['PasswordAuthentication yes'],
  })
  const key = newKey(server.folder, 'mine', 'ed25519', planted.passphrase)
  writeFileSync(server.authorizedKeys, readFileSync(`${key}.pub`))
  const at = `address: 127.0.0.1, port: ${server.port}, user: lab`
  const window = new LabPages(page)
  await window.createLab(`name: secret-lab
hosts:
  - { role: satellite, name: nuc1, ${at}, authentication: { kind: password } }
  - { role: inference, name: jetson, ${at}, authentication: { kind: key, file: ${key} } }
`)
  await window.show('Preflight')
  await window.button('Check the hosts').click()
  await window.questions.acceptKeysUntil(page.getByRole('dialog', { name: / for (nuc1|jetson)$/ }))

  // Both are asked for, in whatever order; each is wrong first.
  const given = { nuc1: ['Password', planted.password], jetson: ['Passphrase', planted.passphrase] } as const
  const answered = { nuc1: 0, jetson: 0 }
  const done = window.button('Check again')
  const anyQuestion = page.getByRole('dialog')
  for (;;) {
    await expect(anyQuestion.or(done).first()).toBeVisible({ timeout: 60_000 })
    if (!(await anyQuestion.isVisible())) break
    const heading = (await anyQuestion.getByRole('heading').textContent()) ?? ''
    const target = heading.endsWith(' for nuc1') ? 'nuc1' : 'jetson'
    const dialog = window.questions.secret(target)
    const [label, secret] = given[target]
    const isFirst = answered[target]++ === 0
    if (!isFirst) await expect(dialog.getByRole('alert')).toContainText('is wrong')
    // There is no keyring on this display: it says so, and offers none.
    await expect(dialog).toContainText('kept in memory until the app ends')
    await expect(dialog.getByRole('checkbox')).toHaveCount(0)
    const form = await dialog.locator('form').elementHandle()
    await window.questions.give(target, { [label]: isFirst ? planted.wrong : secret })
    await form?.waitForElementState('hidden')
  }
  expect(answered).toEqual({ nuc1: 2, jetson: 2 })
  await expect(window.main).toContainText('OpenSSH')

  // What the app can be asked for, and what it exports.
  mkdirSync(workspace.results, { recursive: true })
  await answerSaveDialog(app, join(workspace.results, 'preflight.csv'))
  await page.keyboard.press('Control+E')
  await window.openList()
  await answerSaveDialog(app, join(workspace.results, 'secret-lab.yaml'))
  await window.button('Export secret-lab as YAML').click()
  await expect.poll(() => filesWith(workspace.results, ['secret-lab'])).not.toEqual([])
  for (const method of ['recentLog', 'inventories', 'secretStorage']) {
    const answer = JSON.stringify(await engineCall(page, method))
    expect(holds(Buffer.from(answer), secrets), method).toBe(false)
  }
  expect(holds(Buffer.from(await page.content()), secrets)).toBe(false)

  // While it runs: command lines, environments, and what lies on the disk so far.
  const pid = app.process().pid as number
  expect(descendantsOf(pid).length).toBeGreaterThan(2)
  expect(processesWith(pid, secrets)).toEqual([])
  // Where they would be found: both kinds of files can be read.
  expect(processesWith(pid, [workspace.profile]).join(' ')).toContain('cmdline')
  expect(processesWith(pid, [workspace.results]).join(' ')).toContain('environ')
  expect(filesWith(workspace.root, secrets)).toEqual([])
  await app.close()
  // After its end: database, logs, inventories, profile of the window, exports.
  expect(filesWith(workspace.root, secrets)).toEqual([])
  // The search would have found them: it finds what is there, and a secret in each of its forms.
  expect(filesWith(workspace.profile, ['secret-lab']).some((file) => file.endsWith('.yaml'))).toBe(true)
  for (const form of ['utf8', 'utf16le', 'base64'] as const) {
    const bytes =
      form === 'base64'
        ? Buffer.from(Buffer.from(`x${planted.password}y`).toString(form))
        : Buffer.from(planted.password, form)
    writeFileSync(join(workspace.results, 'control'), bytes)
    expect(filesWith(workspace.root, secrets), form).toEqual([join(workspace.results, 'control')])
  }
  expect(holds(Buffer.from(server.log()), secrets)).toBe(false)
  expect(pageErrors).toEqual([])
})

test('a host that shows another key is refused, and forgotten by an act of its own', async ({
  page,
  sshd,
  pageErrors,
}) => {
  test.skip(missing !== null, missing ?? '')
  const first = await sshd()
  const other = await sshd()
  const window = new LabPages(page)
  const at = ({ port, user, clientKey }: TestSshd): string =>
    `address: 127.0.0.1, port: ${port}, user: ${user}, authentication: { kind: key, file: ${clientKey} }`
  await window.createLab(`name: rekeyed
hosts:
  - { role: satellite, name: nuc1, ${at(first)} }
  - { role: inference, name: jetson, ${at(other)} }
`)
  await window.preflight()

  // Set up anew, as far as anybody can tell from here: same place, same logins, another key.
  await first.stop()
  const second = await sshd({ port: first.port })
  writeFileSync(second.authorizedKeys, readFileSync(`${first.clientKey}.pub`))
  expect(second.fingerprint()).not.toBe(first.fingerprint())
  const dialog = window.questions.changedKey('nuc1')
  const accepted = async () => {
    const { value } = (await engineCall(page, 'hostKeys', { lab: 'rekeyed' })) as {
      value: { target: string; fingerprint: string }[]
    }
    return value.flatMap(({ target, fingerprint }) => (target === 'nuc1' ? [fingerprint] : []))
  }
  await window.button('Check again').click()
  await expect(dialog).toContainText('The connection was refused')
  await expect(dialog).toContainText(first.fingerprint())
  await expect(dialog).toContainText(second.fingerprint())
  await expect(dialog.getByRole('button', { name: /accept/i })).toHaveCount(0)
  await dialog.getByRole('button', { name: 'Keep refusing' }).click()
  await expect(dialog).toBeHidden()
  expect(await accepted()).toEqual([first.fingerprint()])
  // Nobody has tried to log in there.
  expect(second.log()).not.toMatch(/Accepted|Postponed|Failed/)

  await window.button('Check again').click()
  await expect(dialog).toBeVisible()
  // Typing something else forgets nothing.
  await dialog.getByRole('button', { name: 'Forget this host …' }).click()
  await dialog.getByRole('textbox').fill('nuc2')
  await expect(dialog.getByRole('button', { name: 'Forget this host', exact: true })).toBeDisabled()
  await dialog.getByRole('textbox').fill('nuc1')
  await dialog.getByRole('button', { name: 'Forget this host', exact: true }).click()
  await expect(dialog).toBeHidden()
  const unknown = window.questions.unknownKey('nuc1')
  // Forgotten is not accepted: the new key is asked for like any other.
  await expect(unknown.or(window.button('Check again')).first()).toBeVisible()
  expect(await accepted()).toEqual([])
  if (!(await unknown.isVisible())) await window.button('Check again').click()
  expect(await window.questions.acceptKey('nuc1')).toBe(second.fingerprint())
  await expect(window.button('Check again')).toBeVisible({ timeout: 60_000 })
  expect(await accepted()).toEqual([second.fingerprint()])
  expect(second.log()).toContain('Accepted publickey')
  expect(pageErrors).toEqual([])
})

test('a lab whose file is broken is listed with its problems, and opened to be repaired', async ({
  page,
  pageErrors,
}) => {
  const window = new LabPages(page)
  await window.openList()
  const { value } = (await engineCall(page, 'info')) as { value: { dataDirectory: string } }
  const folder = join(value.dataDirectory, 'labs')
  mkdirSync(folder, { recursive: true })
  const broken = '# the attic\nname: attic\nhosts:\n  - { role: relay, name: nuc1 }\n'
  writeFileSync(join(folder, 'attic.yaml'), broken)
  writeFileSync(join(folder, 'cellar.yaml'), 'name: [\n')

  await window.goTo('Constellation')
  await window.openList()
  await expect(window.row('cellar')).toContainText('file is broken')
  await expect(window.row('attic')).toContainText('file is broken')
  await expect(window.row('attic')).toContainText(/line 4.*role must be satellite or inference/)
  await window.button('Repair attic').click()
  await expect(window.labYaml).toHaveValue(broken)
  await expect(window.button('Save lab')).toBeDisabled()
  await window.labYaml.fill(
    `# the attic
name: attic
hosts:
  - { role: satellite, name: nuc1, address: 10.0.0.1, user: lab }
  - { role: inference, name: jetson, address: 10.0.0.2, user: lab }
`,
  )
  await window.saveLab()
  await window.openList()
  await expect(window.row('attic')).toContainText('not connected')
  await expect(window.row('cellar')).toContainText('file is broken')
  expect(pageErrors).toEqual([])
})
