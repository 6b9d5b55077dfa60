/** Names on Electron's IPC. Apart from the contract, so that the preload stays free of the validation library. */

/** IPC channel of a method or event of the desktop contract. */
export function desktopChannel(name: string): string {
  return `desktop:${name}`
}

/** IPC channel on which a window gets its MessagePort to the lab engine. */
export const enginePortChannel = desktopChannel('engine-port')

/** Data of the window message with which the preload passes that port on to the page. */
export const enginePortMessage = 'skymemory:engine-port'
