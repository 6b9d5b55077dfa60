import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type {
  DesktopAnswer,
  DesktopApi,
  DesktopCommand,
  DesktopContract,
  EngineBridge,
} from '#shared/contract/desktop-api'
import { desktopChannel, enginePortChannel, enginePortMessage } from '#shared/contract/desktop-channels'
import type { MethodParams, MethodResult } from '#shared/contract/rpc'

/** Runs sandboxed beside the page: turns named functions into IPC, and gives the page nothing else. */

type Methods = DesktopContract['methods']

function ask<M extends keyof Methods>(
  method: M,
  params: MethodParams<DesktopContract, M>,
): Promise<DesktopAnswer<MethodResult<DesktopContract, M>>> {
  return ipcRenderer.invoke(desktopChannel(method), params) as never
}

const desktop: DesktopApi = {
  platform: process.platform as DesktopApi['platform'],
  versions: { electron: process.versions.electron, chromium: process.versions.chrome },
  chooseDirectory: (title, start) => ask('chooseDirectory', { title, start }),
  openExperimentFile: () => ask('openExperimentFile', {}),
  openInventoryFile: () => ask('openInventoryFile', {}),
  chooseKeyFile: () => ask('chooseKeyFile', {}),
  chooseTraceFile: () => ask('chooseTraceFile', {}),
  chooseModelFile: () => ask('chooseModelFile', {}),
  pathOfDropped: (file) => webUtils.getPathForFile(file as File),
  saveExperimentFile: (suggestedName, text) => ask('saveExperimentFile', { suggestedName, text }),
  saveFile: (suggestedName, data) => ask('saveFile', { suggestedName, data }),
  showInFolder: (path) => ask('showInFolder', { path }),
  openExternal: (url) => ask('openExternal', { url }),
  copyText: (text) => ask('copyText', { text }),
  setTheme: (theme) => ask('setTheme', { theme }),
  onCommand: (listener) => {
    const onEvent = (_event: unknown, command: DesktopCommand): void => listener(command)
    ipcRenderer.on(desktopChannel('command'), onEvent)
    return () => void ipcRenderer.off(desktopChannel('command'), onEvent)
  },
}

const engine: EngineBridge = { connect: () => ask('connectEngine', {}) }

// A MessagePort cannot cross the context bridge; a message of the window carries it over.
ipcRenderer.on(enginePortChannel, (event) => {
  window.postMessage(enginePortMessage, window.location.origin, event.ports)
})

contextBridge.exposeInMainWorld('desktop', desktop)
contextBridge.exposeInMainWorld('engine', engine)
