import { ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron'
import { desktopContract, type DesktopContract } from '#shared/contract/desktop-api'
import { desktopChannel } from '#shared/contract/desktop-channels'
import { SkyError, toErrorBody } from '#shared/contract/errors'
import type { EventPayload, MethodParams, MethodResult } from '#shared/contract/rpc'
import { isTrustedSender } from './trusted-sender'

type Methods = DesktopContract['methods']

export type DesktopHandlers = {
  [M in keyof Methods]: (
    params: MethodParams<DesktopContract, M>,
    sender: WebContents,
  ) => Promise<MethodResult<DesktopContract, M>> | MethodResult<DesktopContract, M>
}

/**
 * Answer the window's desktop methods. The only place that handles IPC: who asks and what is asked are checked here,
 * for every method alike.
 */
export function answerWindow(handlers: DesktopHandlers): void {
  for (const method of Object.keys(desktopContract.methods) as (keyof Methods)[]) {
    ipcMain.handle(desktopChannel(method), (event, params) => answer(handlers, method, event, params))
  }
}

async function answer(
  handlers: DesktopHandlers,
  method: keyof Methods,
  event: IpcMainInvokeEvent,
  raw: unknown,
): Promise<unknown> {
  try {
    if (!isTrustedSender(event.senderFrame)) {
      throw new SkyError('unauthorised', `${method} was asked by a page that is not part of the app`)
    }
    const params = desktopContract.methods[method].params.safeParse(raw)
    if (!params.success) throw new SkyError('invalid_argument', `${method}: ${params.error.message}`)
    return { ok: true, value: (await handlers[method](params.data as never, event.sender)) ?? null }
  } catch (thrown) {
    return { ok: false, error: toErrorBody(thrown) }
  }
}

/** Send an event to a window. */
export function tellWindow<E extends keyof DesktopContract['events']>(
  contents: WebContents,
  event: E,
  payload: EventPayload<DesktopContract, E>,
): void {
  if (!contents.isDestroyed()) contents.send(desktopChannel(event), payload)
}
