import { app, dialog, type BrowserWindow } from 'electron'
import type { EngineState } from './engine-supervisor'

type Trouble = Extract<EngineState, { kind: 'failed' | 'crashed' }>

/** Tell of an engine that does not run, and ask what to do. Quits the app when the user says so. */
export async function askAboutEngine(
  window: BrowserWindow | null,
  trouble: Trouble,
): Promise<'restart' | 'quit'> {
  const options: Electron.MessageBoxOptions = {
    type: 'error',
    title: app.name,
    buttons: trouble.kind === 'failed' ? ['Try again', 'Quit'] : ['Restart engine', 'Quit'],
    defaultId: 0,
    cancelId: 1,
    noLink: true,
    ...describe(trouble),
  }
  const { response } = await (window === null
    ? dialog.showMessageBox(options)
    : dialog.showMessageBox(window, options))
  return response === 0 ? 'restart' : 'quit'
}

function describe(trouble: Trouble): { message: string; detail: string } {
  if (trouble.kind === 'failed') {
    return {
      message: 'The lab engine could not start.',
      detail: `${trouble.error.message}\n${trouble.error.hint}`,
    }
  }
  return {
    message: `The lab engine ended unexpectedly (exit code ${trouble.exitCode}).`,
    detail: [
      'Everything that was recorded is kept. After a restart, an interrupted run can be resumed.',
      '',
      ...trouble.lastLines,
    ].join('\n'),
  }
}
