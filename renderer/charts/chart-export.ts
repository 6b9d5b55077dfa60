import { unwrap, type DesktopApi } from '../desktop-api'
import type { useToasts } from '../stores/toasts'

export type ChartFormat = 'png' | 'svg' | 'csv'

/** Size of an exported picture in CSS px; the PNG has twice as many device px each way, for print. */
export const pictureSize = { width: 960, height: 480 } as const
const pngScale = 2
/** Device px across a PNG at least: figures in pt say a small size, that of a column of a paper. */
const leastPngWidth = 1920

export interface ChartFiles {
  /** Name of the file, without folder and extension. */
  readonly name: string
  readonly svg: () => string
  readonly csv: () => string
}

/** Write one chart where the user says. The PNG is the SVG, drawn. */
export async function exportChart(
  files: ChartFiles,
  format: ChartFormat,
  desktop: DesktopApi,
  toasts: ReturnType<typeof useToasts>,
): Promise<void> {
  await toasts.guard(async () => {
    const text = new TextEncoder()
    const data =
      format === 'png' ? await png(files.svg()) : text.encode(format === 'svg' ? files.svg() : files.csv())
    const path = unwrap(await desktop.saveFile(`${fileName(files.name)}.${format}`, data))
    if (path === null) return
    toasts.done('Chart saved', path, {
      label: 'Show in folder',
      run: () => void desktop.showInFolder(path),
    })
  })
}

export function fileName(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

async function png(svg: string): Promise<Uint8Array> {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  const scale = Math.max(pngScale, leastPngWidth / image.naturalWidth)
  const canvas = document.createElement('canvas')
  canvas.width = Math.round(image.naturalWidth * scale)
  canvas.height = Math.round(image.naturalHeight * scale)
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (!blob) throw new Error('the picture could not be encoded as PNG')
  return new Uint8Array(await blob.arrayBuffer())
}
