import type { Session } from 'electron'
import { appScheme } from './content-policy'

/** The window talks to its own files and to the lab engine. Take everything else from its session. */
export function limitSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.setBluetoothPairingHandler((_details, answer) => answer({ confirmed: false }))
  // Files leave through the save dialog of the main process, never as a download.
  session.on('will-download', (event) => event.preventDefault())
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isOwnAddress(details.url) }))
}

function isOwnAddress(address: string): boolean {
  return [`${appScheme}:`, 'blob:', 'data:', 'devtools:'].some((scheme) => address.startsWith(scheme))
}
