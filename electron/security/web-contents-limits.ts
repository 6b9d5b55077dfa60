import { shell, type App, type WebContents } from 'electron'
import { externalLink } from './external-links'

/** No page of this app goes anywhere, opens a window, or embeds another page. Known links open in the browser. */
export function limitWebContents(app: App): void {
  app.on('web-contents-created', (_event, contents) => limit(contents))
}

function limit(contents: WebContents): void {
  contents.setWindowOpenHandler(({ url }) => {
    const link = externalLink(url)
    if (link !== null) void shell.openExternal(link)
    return { action: 'deny' }
  })
  contents.on('will-navigate', (event) => {
    // Loading the same page anew is how the window starts over after the engine was restarted.
    if (event.url !== contents.getURL()) event.preventDefault()
  })
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame) event.preventDefault()
  })
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
}
