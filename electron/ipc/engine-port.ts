import type { MessagePortMain, WebContents } from 'electron'
import { enginePortChannel } from '#shared/contract/desktop-channels'

/** Hand a window its end of the channel to the lab engine. */
export function handEnginePort(contents: WebContents, port: MessagePortMain): void {
  contents.postMessage(enginePortChannel, null, [port])
}
