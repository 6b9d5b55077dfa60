import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { initWasm, Resvg } from '@resvg/resvg-wasm'
import { SkyError } from '#shared/contract/errors'

/** Draws SVG as PNG. */
export interface PngRenderer {
  /** @param dpi pixels an inch of paper; figures say in pt how large they are */
  render(this: void, svg: string, dpi: number): Buffer
}

let wasmReady: Promise<void> | null = null

/**
 * A renderer whose pictures are the same on every machine: it brings its own font and asks for none of the system.
 * @param resources out/figures of the build: the renderer itself, and DejaVu Sans
 * @throws SkyError `internal`: a file is missing there
 */
export async function pngRenderer(resources: string): Promise<PngRenderer> {
  const [wasm, ...fonts] = await Promise.all(
    ['resvg.wasm', 'DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) => resource(join(resources, name))),
  )
  // Once a process; the module refuses a second time.
  wasmReady ??= initWasm(wasm!)
  await wasmReady
  return {
    render: (svg, dpi) => {
      const size = /width="([\d.]+)pt"/.exec(svg)
      const widthPx = Math.round((Number(size?.[1]) / pointsPerInch) * dpi)
      const drawn = new Resvg(svg, {
        fitTo: { mode: 'width', value: widthPx },
        font: { fontBuffers: fonts, defaultFontFamily: 'DejaVu Sans' },
      })
      try {
        return withResolution(Buffer.from(drawn.render().asPng()), dpi)
      } finally {
        drawn.free()
      }
    },
  }
}

async function resource(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (thrown) {
    const hint = 'The installation is damaged, or was not built: npm run build.'
    throw new SkyError('internal', `what draws PNG files is missing: ${path}`, hint, {
      reason: String(thrown),
    })
  }
}

const pointsPerInch = 72
const metresPerInch = 0.0254

/** Bytes before a PNG's second chunk: the signature, and the header chunk IHDR. */
const headerLength = 8 + 25

/** The PNG with a chunk that says how large it is on paper (pHYs of the PNG specification, section 11.3.4.3). */
function withResolution(png: Buffer, dpi: number): Buffer {
  const chunk = Buffer.alloc(21)
  chunk.writeUInt32BE(9, 0)
  chunk.write('pHYs', 4, 'latin1')
  const pixelsPerMetre = Math.round(dpi / metresPerInch)
  chunk.writeUInt32BE(pixelsPerMetre, 8)
  chunk.writeUInt32BE(pixelsPerMetre, 12)
  // The unit is the metre.
  chunk.writeUInt8(1, 16)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 17)), 17)
  return Buffer.concat([png.subarray(0, headerLength), chunk, png.subarray(headerLength)])
}
