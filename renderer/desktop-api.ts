import { fromErrorBody, type ErrorBody } from '#shared/contract/errors'

/**
 * What the window asks of the desktop around it: dialogs, clipboard, browser, window theme. The preload puts it on `window.desktop`.
 *
 * Every answer is an envelope, because an error that is thrown through Electron's IPC arrives as a bare message.
 * `null` as a value means that the user closed the dialog without a choice.
 */
export type DesktopAnswer<T> = { ok: true; value: T } | { ok: false; error: ErrorBody }

export type ThemeChoice = 'system' | 'dark' | 'light'

export interface TextFile {
  readonly path: string
  readonly text: string
}

export interface DesktopApi {
  readonly platform: 'linux' | 'darwin' | 'win32'
  readonly versions: { readonly electron: string; readonly chromium: string }

  /** Let the user choose (or create) a folder. `start`: where the dialog opens, or empty. */
  chooseDirectory(title: string, start: string): Promise<DesktopAnswer<string | null>>
  /** Let the user choose an experiment file (.yaml, .yml) and read it. */
  openExperimentFile(): Promise<DesktopAnswer<TextFile | null>>
  /** Write an experiment where the user says; the answer is the path. */
  saveExperimentFile(suggestedName: string, text: string): Promise<DesktopAnswer<string | null>>
  /** Write any exported file (chart image, CSV) where the user says; the answer is the path. */
  saveFile(suggestedName: string, data: Uint8Array): Promise<DesktopAnswer<string | null>>
  /** Show a file or folder in the file manager. */
  showInFolder(path: string): Promise<DesktopAnswer<null>>
  /** Open an http or https address in the browser; anything else is refused. */
  openExternal(url: string): Promise<DesktopAnswer<null>>
  /** Put text on the clipboard (the window itself has no clipboard permission). */
  copyText(text: string): Promise<DesktopAnswer<null>>
  /** Make window frame and dialogs follow the theme (`nativeTheme.themeSource`). */
  setTheme(theme: ThemeChoice): Promise<DesktopAnswer<null>>
  /** Menu items and global actions that the window carries out; returns the function that unsubscribes. */
  onCommand(listener: (command: DesktopCommand) => void): () => void
}

/** What an entry of the application menu can ask of the window. */
export type DesktopCommand =
  'open-experiment' | 'new-experiment' | 'command-palette' | 'settings' | 'toggle-log' | 'shortcuts'

declare global {
  interface Window {
    readonly desktop: DesktopApi
  }
}

/** The value of an answer, or its error thrown as the SkyError that it was. */
export function unwrap<T>(answer: DesktopAnswer<T>): T {
  if (answer.ok) return answer.value
  throw fromErrorBody(answer.error)
}
