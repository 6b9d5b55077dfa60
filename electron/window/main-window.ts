import { app, BrowserWindow, nativeTheme, screen } from 'electron'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { iconFile, preloadFile } from '../locations'
import { appOrigin } from '../security/content-policy'
import { smallestWindow, usualWindow, windowToOpen, type SavedWindow } from './window-state'

const stateFile = (): string => join(app.getPath('userData'), 'window.json')

/** Open the console's window where it was left. */
export function openMainWindow(): BrowserWindow {
  const screens = screen.getAllDisplays().map((display) => display.workArea)
  const { bounds, maximised } = windowToOpen(readState(), screens)
  const window = new BrowserWindow({
    ...usualWindow,
    ...bounds,
    minWidth: smallestWindow.width,
    minHeight: smallestWindow.height,
    show: false,
    title: app.name,
    ...(process.platform === 'linux' ? { icon: iconFile } : {}),
    // What is seen before the first paint; the page's own background is the same (renderer/theme/tokens.css).
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#0e1116' : '#f3f4f6',
    webPreferences: {
      preload: preloadFile,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      // Its dictionaries would be fetched from the internet.
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  })
  window.once('ready-to-show', () => {
    if (maximised) window.maximize()
    window.show()
  })
  window.on('close', () => saveState({ bounds: window.getNormalBounds(), maximised: window.isMaximized() }))
  void window.loadURL(`${appOrigin}/index.html`)
  return window
}

function readState(): string | null {
  try {
    return readFileSync(stateFile(), 'utf8')
  } catch {
    return null
  }
}

function saveState(state: SavedWindow): void {
  try {
    writeFileSync(stateFile(), JSON.stringify(state))
  } catch {
    // The next window opens at its usual place: nothing that a user would have to know while closing.
  }
}
