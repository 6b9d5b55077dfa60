import { BrowserWindow, clipboard, dialog, nativeTheme, shell, type WebContents } from 'electron'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { TextFile } from '#shared/contract/desktop-api'
import { SkyError } from '#shared/contract/errors'
import { externalLink } from '../security/external-links'
import type { DesktopHandlers } from './answer-window'

/** Experiments and inventories are a few kB; anything far above is the wrong file. */
const largestYamlBytes = 1024 * 1024

const yamlEndings = ['yaml', 'yml']
const experimentFilter = { name: 'Experiment (YAML)', extensions: yamlEndings }
const inventoryFilter = { name: 'Hosts of a lab (YAML)', extensions: yamlEndings }

/** Endings of traces as they are published; the format is told from the content. */
const modelFilter = { name: 'Model (GGUF)', extensions: ['gguf'] }
const traceFilter = { name: 'Trace (JSONL, JSON, CSV, gzip)', extensions: ['jsonl', 'json', 'csv', 'gz'] }

/** What the window may ask of the desktop. `connectEngine` gives its window a channel to the lab engine. */
export function desktopHandlers(connectEngine: (sender: WebContents) => Promise<void>): DesktopHandlers {
  return {
    chooseDirectory: async ({ title, start }, sender) => {
      const chosen = await dialog.showOpenDialog(windowOf(sender), {
        title,
        ...(isAbsolute(start) ? { defaultPath: start } : {}),
        properties: ['openDirectory', 'createDirectory'],
      })
      return chosen.filePaths[0] ?? null
    },
    openExperimentFile: (_params, sender) =>
      openYaml(sender, 'Open experiment', experimentFilter, 'an experiment file'),
    openInventoryFile: (_params, sender) =>
      openYaml(sender, 'Open the hosts of a lab', inventoryFilter, 'a file with the hosts of a lab'),
    chooseKeyFile: async (_params, sender) => {
      const chosen = await dialog.showOpenDialog(windowOf(sender), {
        title: 'Choose a private key',
        defaultPath: join(homedir(), '.ssh'),
        properties: ['openFile', 'showHiddenFiles'],
      })
      return chosen.filePaths[0] ?? null
    },
    chooseTraceFile: async (_params, sender) => {
      const chosen = await dialog.showOpenDialog(windowOf(sender), {
        title: 'Choose a trace of requests',
        filters: [traceFilter, { name: 'All files', extensions: ['*'] }],
        properties: ['openFile'],
      })
      return chosen.filePaths[0] ?? null
    },
    chooseModelFile: async (_params, sender) => {
      const chosen = await dialog.showOpenDialog(windowOf(sender), {
        title: 'Choose a model',
        filters: [modelFilter, { name: 'All files', extensions: ['*'] }],
        properties: ['openFile'],
      })
      return chosen.filePaths[0] ?? null
    },
    saveExperimentFile: ({ suggestedName, text }, sender) =>
      saveAs(sender, suggestedName, text, 'Save experiment', [experimentFilter]),
    saveFile: ({ suggestedName, data }, sender) => saveAs(sender, suggestedName, data, 'Save file', []),
    showInFolder: ({ path }) => {
      // Only shows where something lies; nothing is opened or started by it.
      if (!isAbsolute(path)) throw new SkyError('invalid_argument', `${path} is not an absolute path`)
      shell.showItemInFolder(path)
      return null
    },
    openExternal: async ({ url }) => {
      const link = externalLink(url)
      if (link === null) {
        throw new SkyError('unauthorised', `${url} is not among the pages that this app opens`)
      }
      await shell.openExternal(link)
      return null
    },
    copyText: ({ text }) => {
      clipboard.writeText(text)
      return null
    },
    setTheme: ({ theme }) => {
      nativeTheme.themeSource = theme
      return null
    },
    connectEngine: async (_params, sender) => {
      await connectEngine(sender)
      return null
    },
  }
}

function windowOf(sender: WebContents): BrowserWindow {
  const window = BrowserWindow.fromWebContents(sender)
  if (window === null) throw new SkyError('cancelled', 'the window that asked was closed')
  return window
}

async function openYaml(
  sender: WebContents,
  title: string,
  filter: Electron.FileFilter,
  wanted: string,
): Promise<TextFile | null> {
  const chosen = await dialog.showOpenDialog(windowOf(sender), {
    title,
    filters: [filter],
    properties: ['openFile'],
  })
  const path = chosen.filePaths[0]
  return path === undefined ? null : { path, text: await readYaml(path, wanted) }
}

async function readYaml(path: string, wanted: string): Promise<string> {
  try {
    const { size } = await stat(path)
    if (size <= largestYamlBytes) return await readFile(path, 'utf8')
  } catch (error) {
    throw new SkyError(
      'not_found',
      `${path} cannot be read: ${messageOf(error)}`,
      'Check the file and its permissions.',
    )
  }
  throw new SkyError('invalid_argument', `${path} is larger than 1 MiB`, `Choose ${wanted} (YAML).`)
}

async function saveAs(
  sender: WebContents,
  suggestedName: string,
  data: string | Uint8Array,
  title: string,
  filters: Electron.FileFilter[],
): Promise<string | null> {
  const chosen = await dialog.showSaveDialog(windowOf(sender), {
    title,
    defaultPath: suggestedName.replace(/[\\/:*?"<>|]/g, '-'),
    filters,
  })
  if (chosen.canceled || chosen.filePath === '') return null
  try {
    await writeFile(chosen.filePath, data)
    return chosen.filePath
  } catch (error) {
    throw new SkyError(
      'export_failed',
      `${chosen.filePath} cannot be written: ${messageOf(error)}`,
      'Choose a folder that you may write to, with space left, and save again.',
    )
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
