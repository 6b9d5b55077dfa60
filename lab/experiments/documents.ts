import { open, readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { Document } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'

/** A LLaMA token is about 4 characters of English; hardly any text needs more than this for one token on average. */
export const charactersPerToken = 12
/** UTF-8 takes up to 4 bytes a character. */
const bytesPerCharacter = 4
/** Documents that are read, at most, and what they may hold together. */
const mostDocuments = 100_000
const mostCharacters = 256 * 1024 * 1024

const unreadable = (message: string, hint: string, path: string): SkyError =>
  new SkyError('documents_unreadable', message, hint, { path })

/** The folder that a value of the parameter `documents` means; a relative one starts at the working directory. */
export function documentsFolder(documents: string, sotuDirectory: string): string {
  return documents === 'sotu' ? sotuDirectory : resolve(documents)
}

/**
 * The beginnings of all .txt files of a folder, by name: as much of each as `tokens` tokens can need.
 * @throws SkyError `documents_unreadable`: no such folder, no right to read, no .txt file, not text
 */
export async function readDocuments(folder: string, tokens: number): Promise<Document[]> {
  const names = await textFiles(folder)
  const limit = tokens * charactersPerToken
  const documents: Document[] = []
  let characters = 0
  for (const name of names) {
    const text = await readBeginning(join(folder, name), limit)
    characters += text.length
    if (characters > mostCharacters) {
      const megabytes = mostCharacters / 1024 / 1024
      throw unreadable(
        `The documents in ${folder} hold more than ${megabytes} M characters for ${tokens} tokens each`,
        'Lower document_tokens, or use fewer files.',
        folder,
      )
    }
    documents.push({ title: basename(name, '.txt'), text })
  }
  return documents
}

async function textFiles(folder: string): Promise<string[]> {
  let names: string[]
  try {
    if (!(await stat(folder)).isDirectory()) {
      throw unreadable(`${folder} is not a folder`, 'Name a folder with .txt files, or sotu.', folder)
    }
    names = (await readdir(folder)).filter((name) => name.toLowerCase().endsWith('.txt')).sort()
  } catch (thrown) {
    if (thrown instanceof SkyError) throw thrown
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw unreadable(
      `The documents in ${folder} cannot be read: ${reason}`,
      'Name a folder with .txt files that this user may read, or sotu.',
      folder,
    )
  }
  if (names.length === 0) {
    throw unreadable(`${folder} has no .txt files`, 'Put texts there, or use sotu.', folder)
  }
  if (names.length > mostDocuments) {
    throw unreadable(
      `${folder} has ${names.length} .txt files`,
      `Use a folder with at most ${mostDocuments} files.`,
      folder,
    )
  }
  return names
}

/** The first characters of a file; never more of it in memory, however long it is. */
async function readBeginning(path: string, characters: number): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      const buffer = Buffer.alloc(Math.min(size, characters * bytesPerCharacter))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
      const whole = bytesRead === size
      // `stream` keeps a character that is cut at the end from counting as bad UTF-8.
      const text = new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, bytesRead), {
        stream: !whole,
      })
      return text.slice(0, characters)
    } finally {
      await file.close()
    }
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw unreadable(
      `The document ${path} cannot be read as UTF-8 text: ${reason}`,
      'Save it as UTF-8, make it readable, or remove it from the folder.',
      path,
    )
  }
}

/** Characters in one message to the inference host. */
const messageCharacters = 1_000_000

/** Portions of documents that are each small enough for one message. */
export function* portions(documents: readonly Document[]): Generator<Document[]> {
  let portion: Document[] = []
  let characters = 0
  for (const document of documents) {
    if (portion.length > 0 && characters + document.text.length > messageCharacters) {
      yield portion
      portion = []
      characters = 0
    }
    portion.push(document)
    characters += document.text.length
  }
  if (portion.length > 0) yield portion
}
