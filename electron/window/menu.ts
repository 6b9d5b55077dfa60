import { app, Menu, type BrowserWindow, type MenuItemConstructorOptions } from 'electron'
import type { DesktopCommand } from '#shared/contract/desktop-api'
import { tellWindow } from '../ipc/answer-window'

const paperAddress = 'https://arxiv.org/abs/2505.14427'

/** The application menu. What concerns the pages is carried out by the window itself. */
export function setMenu(window: () => BrowserWindow | null, openExternal: (url: string) => void): void {
  const item = (
    label: string,
    command: DesktopCommand,
    accelerator?: string,
  ): MenuItemConstructorOptions => ({
    label,
    ...(accelerator === undefined ? {} : { accelerator }),
    click: () => {
      const contents = window()?.webContents
      if (contents !== undefined) tellWindow(contents, 'command', command)
    },
  })
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  const macApp: MenuItemConstructorOptions[] = process.platform === 'darwin' ? [{ role: 'appMenu' }] : []
  const developer: MenuItemConstructorOptions[] = app.isPackaged
    ? []
    : [separator, { role: 'reload' }, { role: 'toggleDevTools' }]
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...macApp,
      {
        label: '&File',
        submenu: [
          item('New experiment', 'new-experiment', 'CmdOrCtrl+N'),
          item('Open experiment …', 'open-experiment', 'CmdOrCtrl+O'),
          separator,
          item('Settings', 'settings', 'CmdOrCtrl+,'),
          separator,
          process.platform === 'darwin' ? { role: 'close' } : { role: 'quit' },
        ],
      },
      { role: 'editMenu' },
      {
        label: '&View',
        submenu: [
          // The window listens to Ctrl+K itself, so that it works with a menu bar hidden or not.
          item('Command palette …', 'command-palette'),
          item('Log', 'toggle-log'),
          separator,
          { role: 'resetZoom' },
          { role: 'zoomIn' },
          { role: 'zoomOut' },
          separator,
          { role: 'togglefullscreen' },
          ...developer,
        ],
      },
      { role: 'windowMenu' },
      {
        label: '&Help',
        submenu: [
          item('Keyboard shortcuts', 'shortcuts'),
          { label: 'The SkyMemory paper', click: () => openExternal(paperAddress) },
        ],
      },
    ]),
  )
}
