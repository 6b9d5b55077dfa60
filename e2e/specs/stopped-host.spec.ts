import { readFile } from 'node:fs/promises'
import { parse, stringify } from 'yaml'
import { noTestbed, testbedForTest } from '../../lab/testing/testbed'
import { expect, test } from '../fixtures'
import { LabPages } from '../pages/lab-pages'

const missing = noTestbed()

test('an SSH lab says where its API is; the page of a host has its log and a terminal, and says who stopped its agent', async ({
  page,
  pageErrors,
}) => {
  test.skip(missing !== null, missing ?? '')
  test.setTimeout(180_000)
  const testbed = await testbedForTest({ hosts: 2 })
  try {
    const { name, hosts } = parse(await readFile(testbed.state.inventoryFile, 'utf8')) as {
      name: string
      hosts: { user: string; address: string }[]
    }
    const window = new LabPages(page)
    // The hosts' own Node: how a runtime gets there is tested elsewhere.
    await window.createLab(stringify({ name, hosts: hosts.map((host) => ({ ...host, host_node: true })) }))
    await window.plan()
    await window.apply()
    await window.show('Hosts')
    await window.connect()
    await expect(window.status).toContainText('2/2')

    await expect(window.main).toContainText('/v1/models on jetson')
    await window.button('Serve API').click()
    await expect(window.main).toContainText('It listens on jetson alone')
    const { user, address } = hosts.at(-1)!
    const command = await window.main.getByText(/^ssh -N -L /).textContent()
    expect(command?.trim()).toMatch(/^ssh -N -L (\d+):127\.0\.0\.1:\1 /)
    expect(command?.trim().endsWith(` ${user}@${address}`)).toBe(true)
    await window.button('Stop serving').click()

    await window.openHost('nuc1')
    await expect(window.main).toContainText(/Installed\s*\S+/)
    await expect(window.serviceLog).toContainText(/INFO|info|listen/)
    await window.openTerminal()
    await window.typeInTerminal('echo "from $(hostname): $((40 + 2))"')
    await expect(window.terminalRows).toContainText('from nuc1: 42')
    await expect(window.button('Stop')).toBeEnabled()
    await window.button('Stop').click()
    await expect(window.heading('nuc1')).toBeVisible()
    await expect(window.main).toContainText('stopped', { timeout: 30_000 })
    await window.choose(name)
    await expect(window.main).toContainText(/nuc1 was stopped by \S+@\S+ at/, { timeout: 30_000 })
    await expect(window.main).not.toContainText('crashed')
    await window.button('Start nuc1').first().click()
    await expect(window.status).toContainText('2/2', { timeout: 60_000 })
    await expect(window.main).not.toContainText('was stopped')
    await window.disconnect()
    await window.removeInstallation(name)
    expect(pageErrors).toEqual([])
  } finally {
    await testbed.down()
  }
})
