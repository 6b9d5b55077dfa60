import { z } from 'zod'
import type { ErrorBody } from './errors'
import type { Contract } from './rpc'

/**
 * What the window asks of the desktop around it (dialogs, clipboard, browser, theme) over Electron's IPC.
 * The preload puts it on `window.desktop`; the main process answers.
 *
 * Every answer is an envelope, because an error that is thrown through Electron's IPC arrives as a bare message.
 * `null` as a value means that the user closed the dialog without a choice.
 */

const nothing = z.object({})
const done = z.null()
const pathOrNothing = z.string().nullable()

export const themeChoice = z.enum(['system', 'dark', 'light'])
export type ThemeChoice = z.infer<typeof themeChoice>

export const textFile = z.object({ path: z.string(), text: z.string() })
export type TextFile = z.infer<typeof textFile>

/** What an entry of the application menu can ask of the window. */
export const desktopCommand = z.enum([
  'open-experiment',
  'new-experiment',
  'command-palette',
  'settings',
  'toggle-log',
  'shortcuts',
])
export type DesktopCommand = z.infer<typeof desktopCommand>

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not a Uint8Array')
const fileName = z.string().min(1).max(200)

export const desktopContract = {
  methods: {
    chooseDirectory: { params: z.object({ title: z.string(), start: z.string() }), result: pathOrNothing },
    openExperimentFile: { params: nothing, result: textFile.nullable() },
    openInventoryFile: { params: nothing, result: textFile.nullable() },
    /** Where a private key lies; it is read by the engine only. */
    chooseKeyFile: { params: nothing, result: pathOrNothing },
    /** Where a trace lies; whoever reads it is the engine, which can read files of any size. */
    chooseTraceFile: { params: nothing, result: pathOrNothing },
    /** Where a model (GGUF) lies; whoever reads it is the inference host. */
    chooseModelFile: { params: nothing, result: pathOrNothing },
    saveExperimentFile: {
      params: z.object({ suggestedName: fileName, text: z.string() }),
      result: pathOrNothing,
    },
    saveFile: {
      params: z.object({ suggestedName: fileName, data: bytes }),
      result: pathOrNothing,
    },
    showInFolder: { params: z.object({ path: z.string().min(1) }), result: done },
    openExternal: { params: z.object({ url: z.string() }), result: done },
    copyText: { params: z.object({ text: z.string() }), result: done },
    setTheme: { params: z.object({ theme: themeChoice }), result: done },
    /** Ask for a new connection to the lab engine; the port follows as a message of the window. */
    connectEngine: { params: nothing, result: done },
  },
  events: { command: desktopCommand },
} satisfies Contract
export type DesktopContract = typeof desktopContract

export type DesktopAnswer<T> = { ok: true; value: T } | { ok: false; error: ErrorBody }

/** A `File` of the window, which this layer does not know; only the preload can tell where it lies. */
export type DroppedFile = object

export interface DesktopApi {
  readonly platform: 'linux' | 'darwin' | 'win32'
  readonly versions: { readonly electron: string; readonly chromium: string }

  /** Let the user choose (or create) a folder. `start`: where the dialog opens, or empty. */
  chooseDirectory(title: string, start: string): Promise<DesktopAnswer<string | null>>
  /** Let the user choose an experiment file (.yaml, .yml) and read it. */
  openExperimentFile(): Promise<DesktopAnswer<TextFile | null>>
  /** Let the user choose a file with the hosts of a lab (.yaml, .yml) and read it. */
  openInventoryFile(): Promise<DesktopAnswer<TextFile | null>>
  /** Let the user choose a private key; the answer is its path, nothing is read. */
  chooseKeyFile(): Promise<DesktopAnswer<string | null>>
  /** Let the user choose a trace of requests; the answer is its path. */
  chooseTraceFile(): Promise<DesktopAnswer<string | null>>
  /** Let the user choose a model file (.gguf); the answer is its path. */
  chooseModelFile(): Promise<DesktopAnswer<string | null>>
  /** The path of a file that was dropped onto the window; empty where it has none. */
  pathOfDropped(file: DroppedFile): string
  /** Write an experiment where the user says; the answer is the path. */
  saveExperimentFile(suggestedName: string, text: string): Promise<DesktopAnswer<string | null>>
  /** Write any exported file (chart image, CSV) where the user says; the answer is the path. */
  saveFile(suggestedName: string, data: Uint8Array): Promise<DesktopAnswer<string | null>>
  /** Show a file or folder in the file manager. */
  showInFolder(path: string): Promise<DesktopAnswer<null>>
  /** Open an https address of the project's own list in the browser; anything else is refused. */
  openExternal(url: string): Promise<DesktopAnswer<null>>
  /** Put text on the clipboard (the window itself has no clipboard permission). */
  copyText(text: string): Promise<DesktopAnswer<null>>
  /** Make window frame and dialogs follow the theme (`nativeTheme.themeSource`). */
  setTheme(theme: ThemeChoice): Promise<DesktopAnswer<null>>
  /** Menu items and global actions that the window carries out; returns the function that unsubscribes. */
  onCommand(listener: (command: DesktopCommand) => void): () => void
}

/** `window.engine`: the way to the lab engine, used by the window's RPC client only. */
export interface EngineBridge {
  /** Ask for a connection. Its MessagePort arrives as a message of the window (desktop-channels.ts). */
  connect(): Promise<DesktopAnswer<null>>
}
