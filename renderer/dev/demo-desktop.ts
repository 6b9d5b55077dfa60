import type { DesktopApi } from '../desktop-api'

/** A file with mistakes, to see how they are told. */
const benchInventory = `name: bench
description: Two spare machines
hosts:
  - role: satellite
    name: spare1
    address: 10.20.0.31
    port: 70000
    user: lab
  - role: inference
    name: Spare Two
    address: 10.20.0.32
    user: lab
    jump: [gateway]
`

/** A desktop for a plain browser tab: dialogs answer at once. */
export const demoDesktop: DesktopApi = {
  platform: 'linux',
  versions: { electron: '41.7.1', chromium: '140' },
  chooseDirectory: async () => ({ ok: true, value: '/home/lab/reports' }),
  openExperimentFile: async () => ({ ok: true, value: null }),
  openInventoryFile: async () => ({
    ok: true,
    value: { path: '/home/lab/bench.yaml', text: benchInventory },
  }),
  chooseKeyFile: async () => ({ ok: true, value: '/home/lab/.ssh/id_ed25519' }),
  chooseTraceFile: async () => ({ ok: true, value: '/home/lab/traces/conversation_trace.jsonl' }),
  chooseModelFile: async () => ({ ok: true, value: '/home/lab/models/tinyllama-1.1b-q4_0.gguf' }),
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
