import { z } from 'zod'

/** Names a model on this machine and on hosts, and its file: `<name>.gguf`. */
export const modelName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
    'letters, digits, ".", "_" and "-", at most 100, the first one a letter or digit',
  )

/** What is noted beside a model's file, in `<name>.json`, here and on hosts: nobody has to read the whole file to know its checksum. */
export const storedModel = z.object({
  name: modelName,
  bytes: z.int().min(0),
  /** SHA-256 of the file, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Unix ms. */
  addedAt: z.number(),
})
export type StoredModel = z.infer<typeof storedModel>

/** A name that is allowed and near to a file's: `My model (1).gguf` becomes `My-model-1`. Empty when nothing is left. */
export function modelNameOf(fileName: string): string {
  return fileName
    .replace(/\.gguf$/i, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .replace(/-+$/, '')
    .slice(0, 100)
}
