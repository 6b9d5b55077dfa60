import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../../make-directory'
import { storageError } from '../../store/storage-errors'
import { pngRenderer } from './png'

/** A figure, drawn. */
export interface NamedSvg {
  /** Name of the files, without extension. */
  readonly name: string
  readonly svg: string
}

/** Pixels an inch of paper: what journals ask of figures at least. */
export const defaultDpi = 300

/**
 * Write each figure as SVG and as PNG.
 * @param resources out/figures of the build
 * @returns names of the files, in the folder
 * @throws SkyError `storage_full`, `storage_unwritable`, `export_failed`, naming the folder
 */
export async function writeFigures(
  figures: readonly NamedSvg[],
  directory: string,
  resources: string,
  dpi = defaultDpi,
): Promise<string[]> {
  const png = await pngRenderer(resources)
  const files: string[] = []
  const write = async (name: string, content: string | Buffer): Promise<void> => {
    await writeFile(join(directory, name), content)
    files.push(name)
  }
  try {
    await makeDirectory(directory)
    for (const { name, svg } of figures) {
      await write(`${name}.svg`, svg)
      await write(`${name}.png`, png.render(svg, dpi))
    }
    return files
  } catch (thrown) {
    throw storageError(thrown, directory, 'export_failed')
  }
}
