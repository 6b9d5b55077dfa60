import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'

const packages = join(import.meta.dirname, '..', '..', 'node_modules')

/** Lay what draws figures as PNG into a folder, as the build does in out/figures. */
export function layFigureResources(folder: string): string {
  mkdirSync(folder, { recursive: true })
  copyFileSync(join(packages, '@resvg', 'resvg-wasm', 'index_bg.wasm'), join(folder, 'resvg.wasm'))
  for (const name of ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']) {
    copyFileSync(join(packages, 'dejavu-fonts-ttf', 'ttf', name), join(folder, name))
  }
  return folder
}
