import { app, safeStorage, session, shell, type BrowserWindow } from 'electron'
import { askAboutCrash } from './engine/engine-trouble'
import { EngineSupervisor, type EngineState } from './engine/engine-supervisor'
import { answerWindow } from './ipc/answer-window'
import { desktopHandlers } from './ipc/desktop-handlers'
import { engineFile, labEngineOptions, rendererDirectory, secretsFile } from './locations'
import { registerAppScheme, serveAppFiles } from './security/app-protocol'
import { Keychain } from './security/keychain'
import { externalLink } from './security/external-links'
import { limitSession } from './security/session-limits'
import { limitWebContents } from './security/web-contents-limits'
import { openMainWindow } from './window/main-window'
import { setMenu } from './window/menu'

/** The main process: puts the window, the lab engine's process and the limits around them together. */

/** Time for the engine to stop the lab's hosts and close its database when the app quits. */
const engineStopLimitMs = 10_000

let mainWindow: BrowserWindow | null = null
let quitting = false

const keychain = new Keychain(safeStorage, secretsFile(), process.platform)

const engine = new EngineSupervisor({
  entry: engineFile,
  options: labEngineOptions,
  vault: keychain.handlers,
  onState: (state) => void onEngine(state),
})

async function onEngine(state: EngineState): Promise<void> {
  if (quitting || state.kind !== 'crashed') return
  if ((await askAboutCrash(mainWindow, state)) === 'quit') {
    app.quit()
    return
  }
  engine.start()
  mainWindow?.webContents.reload()
}

function showWindow(): void {
  if (mainWindow === null) {
    mainWindow = openMainWindow()
    mainWindow.on('closed', () => (mainWindow = null))
    return
  }
  if (mainWindow.isMinimized()) mainWindow.restore()
  mainWindow.focus()
}

function openExternal(url: string): void {
  const link = externalLink(url)
  if (link !== null) void shell.openExternal(link)
}

function start(): void {
  limitSession(session.defaultSession)
  serveAppFiles(session.defaultSession, rendererDirectory)
  answerWindow(desktopHandlers((sender) => engine.connect(sender)))
  setMenu(() => mainWindow, openExternal)
  engine.start()
  showWindow()
}

if (app.requestSingleInstanceLock()) {
  // The call would undo --no-sandbox, without which Chromium refuses to run for root (containers, CI).
  if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
  registerAppScheme()
  limitWebContents(app)
  app.on('second-instance', showWindow)
  app.on('window-all-closed', () => app.quit())
  app.on('before-quit', (event) => {
    if (quitting) return
    quitting = true
    event.preventDefault()
    void engine.stop(engineStopLimitMs).finally(() => app.quit())
  })
  // Not awaited: Electron becomes ready only once this module has run.
  void app.whenReady().then(start)
} else {
  app.quit()
}
