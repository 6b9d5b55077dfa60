import type { WebContents } from 'electron'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { desktopHandlers } from './desktop-handlers'

type Ask<Answer> = (window: object, options: { defaultPath?: string }) => Promise<Answer>

const fakes = vi.hoisted(() => ({
  showOpenDialog: vi.fn<Ask<{ canceled: boolean; filePaths: string[] }>>(),
  showSaveDialog: vi.fn<Ask<{ canceled: boolean; filePath: string }>>(),
  openExternal: vi.fn(async () => undefined),
  showItemInFolder: vi.fn(),
}))
const { showOpenDialog, showSaveDialog, openExternal, showItemInFolder } = fakes
vi.mock('electron', () => ({
  BrowserWindow: { fromWebContents: () => ({}) },
  clipboard: {},
  dialog: { showOpenDialog: fakes.showOpenDialog, showSaveDialog: fakes.showSaveDialog },
  nativeTheme: {},
  shell: { openExternal: fakes.openExternal, showItemInFolder: fakes.showItemInFolder },
}))

const sender = {} as WebContents
const handlers = desktopHandlers(async () => undefined)

beforeEach(() => void vi.clearAllMocks())

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skymemory-desktop-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const chooseFile = (path: string): void =>
  void showOpenDialog.mockResolvedValueOnce({ canceled: false, filePaths: [path] })
const chooseTarget = (filePath: string, canceled = false): void =>
  void showSaveDialog.mockResolvedValueOnce({ canceled, filePath })

describe('opening an experiment', () => {
  it('reads the file that was chosen', async () => {
    const path = join(aFolder(), 'a.yaml')
    writeFileSync(path, 'name: A')
    chooseFile(path)
    expect(await handlers.openExperimentFile({}, sender)).toEqual({ path, text: 'name: A' })
  })

  it('refuses a file that is far too large, or cannot be read', async () => {
    const path = join(aFolder(), 'large.yaml')
    writeFileSync(path, Buffer.alloc(1024 * 1024 + 1))
    chooseFile(path)
    await expect(handlers.openExperimentFile({}, sender)).rejects.toMatchObject({ code: 'invalid_argument' })
    chooseFile(`${path}.none`)
    await expect(handlers.openExperimentFile({}, sender)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('is nothing when no file was chosen', async () => {
    showOpenDialog.mockResolvedValueOnce({ canceled: true, filePaths: [] })
    expect(await handlers.openExperimentFile({}, sender)).toBeNull()
  })
})

describe('opening the hosts of a lab', () => {
  it('reads the file that was chosen, and says what it wanted of one that is far too large', async () => {
    const folder = aFolder()
    const path = join(folder, 'lab.yaml')
    writeFileSync(path, 'name: lab')
    chooseFile(path)
    expect(await handlers.openInventoryFile({}, sender)).toEqual({ path, text: 'name: lab' })
    const large = join(folder, 'large.yaml')
    writeFileSync(large, Buffer.alloc(1024 * 1024 + 1))
    chooseFile(large)
    await expect(handlers.openInventoryFile({}, sender)).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: expect.stringContaining('hosts of a lab') as string,
    })
  })
})

describe('choosing a private key', () => {
  it('answers with its path, begins where keys lie, and reads nothing', async () => {
    chooseFile('/home/lab/.ssh/no-such-key')
    expect(await handlers.chooseKeyFile({}, sender)).toBe('/home/lab/.ssh/no-such-key')
    expect(showOpenDialog.mock.calls[0]?.[1].defaultPath).toMatch(/\.ssh$/)
  })
})

describe('saving a file', () => {
  const data = new Uint8Array([1, 2, 3])

  it('writes what was given, where the user says', async () => {
    const path = join(aFolder(), 'chart.png')
    chooseTarget(path)
    expect(await handlers.saveFile({ suggestedName: 'chart.png', data }, sender)).toBe(path)
    expect([...readFileSync(path)]).toEqual([1, 2, 3])
  })

  it('writes nothing when the user cancels, and says what it cannot write', async () => {
    const path = join(aFolder(), 'chart.png')
    chooseTarget(path, true)
    expect(await handlers.saveFile({ suggestedName: 'chart.png', data }, sender)).toBeNull()
    expect(() => readFileSync(path)).toThrow('ENOENT')
    const nowhere = join(path, 'below', 'chart.png')
    chooseTarget(nowhere)
    await expect(handlers.saveFile({ suggestedName: 'chart.png', data }, sender)).rejects.toMatchObject({
      code: 'export_failed',
      message: expect.stringContaining(nowhere) as string,
    })
  })

  it('suggests a name, never a path', async () => {
    chooseTarget('', true)
    await handlers.saveFile({ suggestedName: '../../etc/p<a>s:s?.png', data }, sender)
    expect(showSaveDialog.mock.lastCall?.[1]).toMatchObject({
      defaultPath: '..-..-etc-p-a-s-s-.png',
    })
  })
})

it('opens the pages of the list only, and shows absolute paths only', async () => {
  await expect(handlers.openExternal({ url: 'https://example.com/' }, sender)).rejects.toMatchObject({
    code: 'unauthorised',
  })
  expect(openExternal).not.toHaveBeenCalled()
  await handlers.openExternal({ url: 'https://arxiv.org/abs/2505.14427' }, sender)
  expect(openExternal).toHaveBeenCalledWith('https://arxiv.org/abs/2505.14427')
  expect(() => handlers.showInFolder({ path: 'relative' }, sender)).toThrow(
    expect.objectContaining({ code: 'invalid_argument' }),
  )
  expect(showItemInFolder).not.toHaveBeenCalled()
})
