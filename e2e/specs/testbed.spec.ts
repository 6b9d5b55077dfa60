import { readFile } from 'node:fs/promises'
import { answerOpenDialog } from '../dialogs'
import { engineCall } from '../engine-call'
import { expect, test } from '../fixtures'
import { labHosts } from '../lab'
import { LabPages } from '../pages/lab-pages'
import { readReport } from '../report'
import { noTestbed, testbedForTest } from '../../lab/testing/testbed'

const hosts = ['nuc1', 'nuc2', 'nuc3', 'nuc4', 'nuc5', 'jetson']

const experiment = (lab: string): string => `name: Far
lab: ${lab}
seed: 3
parameters: { sessions: 150, turns: 2, document_count: 6, document_tokens: 256, block_tokens: 64,
  kvc_bytes_per_token: 4096, chunk_bytes: 8192, output_tokens: 8, prefill_tokens_per_s: 5000, decode_tokens_per_s: 60,
  concurrency: 2, rotation_period_s: 5 }
factors: { strategy: [hop_rotation] }
`

const missing = noTestbed()

/** Six hosts with real SSH servers, from nothing to a report and back to nothing. */
test('a lab of SSH hosts is added, checked, provisioned, measured, and taken away', async ({
  app,
  page,
  workspace,
  pageErrors,
}) => {
  test.skip(missing !== null, missing ?? '')
  test.setTimeout(300_000)
  const testbed = await testbedForTest({ hosts: 6 })
  try {
    const yaml = await readFile(testbed.state.inventoryFile, 'utf8')
    const lab = /^name: (\S+)/m.exec(yaml)?.[1] ?? ''
    const window = new LabPages(page)
    await window.createLab(yaml)

    // Every key is new: each is shown and accepted once.
    await window.preflight()
    for (const host of hosts) {
      const key = await testbed.exec(host, ['ssh-keygen', '-lf', '/etc/ssh/ssh_host_ed25519_key.pub'])
      const known = (await engineCall(page, 'hostKeys', { lab })) as {
        value: { target: string; fingerprint: string }[]
      }
      const accepted = known.value.find(({ target }) => target === host)
      expect(key.stdout).toContain(accepted?.fingerprint ?? 'no key was accepted')
    }

    await window.plan()
    await window.apply()
    await window.show('Hosts')
    await window.connect()
    await expect(window.status).toContainText('6/6')
    expect((await labHosts(page)).map(({ hostId }) => hostId).sort()).toEqual([...hosts].sort())

    await window.run(experiment(lab))
    await expect.poll(() => window.samples('TTFT p50')).toBeGreaterThan(10)
    await testbed.cutLink('nuc3')
    await expect(window.status).toContainText('5/6', { timeout: 20_000 })
    await page.waitForTimeout(10_000)
    await testbed.restoreLink('nuc3')
    await expect(window.status).toContainText('6/6', { timeout: 60_000 })
    await expect(window.main).toContainText('finished', { timeout: 120_000 })

    await window.openRun('Far')
    await expect(window.main.getByRole('row').filter({ hasText: 'completed' })).toHaveCount(1)
    await answerOpenDialog(app, workspace.results)
    await window.exportCsv()
    const report = await readReport(workspace.results)
    const requests = await report.csv('requests.csv')
    // None lost, none doubled.
    expect(requests).toHaveLength(300)
    expect(new Set(requests.map(({ request_id }) => request_id)).size).toBe(300)
    const satellites = await report.csv('satellites.csv')
    expect(new Set(satellites.map(({ host }) => host))).toEqual(new Set(hosts.slice(0, 5)))
    const events = (await report.csv('timeline.csv')).map(({ event }) => event).join(' ')
    expect(events).toContain('nuc3 lost')
    expect(events).toContain('nuc3 is connected again')

    await window.choose(lab)
    await window.disconnect()
    await window.removeInstallation(lab)
    for (const host of hosts) {
      const left = await testbed.exec(host, ['find', '/home/lab', '-path', '*skymemory*'])
      expect(left.stdout.trim(), host).toBe('')
    }
    await window.deleteLab(lab)
    expect(pageErrors).toEqual([])
  } finally {
    await testbed.down()
  }
})
