import type { DesktopApi } from '../desktop-api'

/** A desktop for a plain browser tab: dialogs answer at once. */
export const demoDesktop: DesktopApi = {
  platform: 'linux',
  versions: { electron: '41.7.1', chromium: '140' },
  chooseDirectory: async () => ({ ok: true, value: '/home/lab/reports' }),
  openExperimentFile: async () => ({ ok: true, value: null }),
  chooseTraceFile: async () => ({ ok: true, value: '/home/lab/traces/conversation_trace.jsonl' }),
  pathOfDropped: () => '/home/lab/traces/conversation_trace.jsonl',
  saveExperimentFile: async (name) => ({ ok: true, value: `/home/lab/${name}` }),
  saveFile: async (name, data) => {
    // Kept where a developer (and a screenshot script) can look at what would have been written.
    Object.assign(globalThis, { savedFile: { name, data } })
    return { ok: true, value: `/home/lab/reports/${name}` }
  },
  showInFolder: async () => ({ ok: true, value: null }),
  openExternal: async () => ({ ok: true, value: null }),
  copyText: async () => ({ ok: true, value: null }),
  setTheme: async () => ({ ok: true, value: null }),
  onCommand: () => () => undefined,
}
