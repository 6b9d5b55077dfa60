import type { ElectronApplication, Page } from '@playwright/test'

/**
 * The app's window. Playwright attaches while the page may just be loading; when the page's first navigation falls between
 * two of its messages it never learns of it, and waits for another (about one start in a hundred). So give it one.
 */
export async function firstWindow(app: ElectronApplication): Promise<Page> {
  const known = app.windows()[0]
  if (known !== undefined) return known
  try {
    return await app.firstWindow({ timeout: 10_000 })
  } catch {
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.reload())
    return app.firstWindow()
  }
}
