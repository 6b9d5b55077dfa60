import { FuseState } from '@electron/fuses/dist/constants.js'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { chromium, type Page } from '@playwright/test'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parse } from 'yaml'
import { buildsUnderTest } from '../builds'
import { engineCall } from '../engine-call'
import { expect, test } from '../fixtures'
import { labHosts, startLab } from '../lab'
import { isAlive } from '../processes'

/** The packaged app as it is handed out. Its fuses forbid the usual way of driving it; Chromium's own debugging port is left. */

test('the fuses are as electron-builder.yml says', async ({ builds }) => {
  const { electronFuses } = parse(await readFile('electron-builder.yml', 'utf8')) as {
    electronFuses: Record<string, boolean>
  }
  const wire = await getCurrentFuseWire(builds.release.executable)
  const found = Object.fromEntries(
    Object.keys(electronFuses).map((key) => {
      const name = `${key[0]?.toUpperCase()}${key.slice(1)}` as keyof typeof FuseV1Options
      return [key, wire[FuseV1Options[name]] === FuseState.ENABLE]
    }),
  )
  expect(found).toEqual(electronFuses)
  // Every fuse that this tool knows is decided.
  expect(Object.keys(electronFuses)).toHaveLength(Object.keys(FuseV1Options).length / 2)
})

test('no environment variable and no argument turns it into a Node', async ({ workspace }) => {
  const marker = join(workspace.root, 'ran')
  const script = join(workspace.root, 'script.cjs')
  await writeFile(script, `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`)
  const app = await startRelease(workspace, [script, '--inspect=0', '--inspect-brk=0', '-r', script], {
    ELECTRON_RUN_AS_NODE: '1',
    NODE_OPTIONS: `--require=${script}`,
  })
  try {
    const page = await app.page()
    await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible()
    expect(await engineCall(page, 'info')).toMatchObject({ ok: true })
    expect(existsSync(marker)).toBe(false)
    expect(app.output()).not.toContain('Debugger listening')
  } finally {
    await app.end()
  }
})

test('the console works, and its agents run on the Node that ships with it', async ({
  builds,
  workspace,
}) => {
  // No other Node can be found.
  const app = await startRelease(workspace, [], { PATH: workspace.root, SKYMEMORY_NODE: '/nonexistent/node' })
  try {
    const page = await app.page()
    const agents = await startLab(page)
    const hosts = await labHosts(page)
    expect(hosts.map(({ state }) => (state.kind === 'healthy' ? state.nodeVersion : state.kind))).toEqual(
      hosts.map((): unknown => expect.stringContaining(process.versions.node)),
    )
    expect(existsSync(join(builds.releaseDirectory, 'resources', 'node'))).toBe(true)
    await app.end()
    await expect.poll(() => agents.filter(isAlive)).toEqual([])
  } finally {
    await app.end()
  }
})

interface Release {
  page(): Promise<Page>
  output(): string
  end(): Promise<void>
}

async function startRelease(
  workspace: { profile: string; environment: Record<string, string> },
  args: readonly string[],
  environment: Record<string, string>,
): Promise<Release> {
  const { release } = buildsUnderTest()
  const child = spawn(
    release.executable,
    [...release.args, `--user-data-dir=${workspace.profile}`, '--remote-debugging-port=0', ...args],
    { env: { ...workspace.environment, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const lines: string[] = []
  child.stdout.on('data', (bytes: Buffer) => lines.push(bytes.toString()))
  const address = await debuggingAddress(child, lines)
  // Connecting while the first page is still loading can hang.
  await expect.poll(() => pageTitles(address)).toContain('SkyMemory Console')
  const browser = await chromium.connectOverCDP(address)
  return {
    page: async () => {
      const context = browser.contexts()[0]
      if (context === undefined) throw new Error('the release has no browser context')
      return context.pages()[0] ?? (await context.waitForEvent('page'))
    },
    output: () => lines.join('\n'),
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Chromium prints it once it listens; if the program ends before, say what it printed. */
function debuggingAddress(child: ChildProcess, lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stderr === null) throw new Error('no stderr')
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      const address = /DevTools listening on (ws:\S+)/.exec(line)?.[1]
      if (address !== undefined) resolve(address)
    })
    child.once('exit', () => reject(new Error(`the release ended:\n${lines.join('\n')}`)))
  })
}

/** Titles of the pages behind a debugging address. */
async function pageTitles(address: string): Promise<string[]> {
  const answer = await fetch(`http://${new URL(address).host}/json/list`)
  const targets = (await answer.json()) as { type: string; title: string }[]
  return targets.filter(({ type }) => type === 'page').map(({ title }) => title)
}
