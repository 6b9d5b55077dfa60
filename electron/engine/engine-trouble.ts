import { app, dialog, type BrowserWindow } from 'electron'
import type { EngineState } from './engine-supervisor'

/** Tell of an engine that ended by itself, and ask what to do. One that cannot start is told of by the window. */
export async function askAboutCrash(
  window: BrowserWindow | null,
  crash: Extract<EngineState, { kind: 'crashed' }>,
): Promise<'restart' | 'quit'> {
  const options: Electron.MessageBoxOptions = {
    type: 'error',
    title: app.name,
    message: `The lab engine ended unexpectedly (exit code ${crash.exitCode}).`,
    detail: [
      'Everything that was recorded is kept. After a restart, an interrupted run can be resumed.',
      '',
      ...crash.lastLines,
    ].join('\n'),
    buttons: ['Restart engine', 'Quit'],
    defaultId: 0,
    cancelId: 1,
    noLink: true,
  }
  const { response } = await (window === null
    ? dialog.showMessageBox(options)
    : dialog.showMessageBox(window, options))
  return response === 0 ? 'restart' : 'quit'
}
