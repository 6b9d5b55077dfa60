import type { ParameterValues } from '#shared/experiment/parameters'
import type { InferenceClient } from '../hosts/lab-hosts'
import { documentsFolder, portions, readDocuments } from './documents'

/** Gives documents to the inference host, and remembers what it holds: most trials of a run want the same. */
export class DocumentLoader {
  readonly #sotuDirectory: string
  #held: { client: InferenceClient; key: string } | null = null

  constructor(sotuDirectory: string) {
    this.#sotuDirectory = sotuDirectory
  }

  /** @throws SkyError `documents_unreadable` */
  async load(client: InferenceClient, parameters: ParameterValues): Promise<void> {
    const folder = documentsFolder(parameters.documents, this.#sotuDirectory)
    const key = `${parameters.document_tokens} ${folder}`
    if (this.#held?.client === client && this.#held.key === key) return
    this.#held = null
    let from = 0
    for (const documents of portions(await readDocuments(folder, parameters.document_tokens))) {
      await client.call('loadDocuments', { from, documents })
      from += documents.length
    }
    this.#held = { client, key }
  }
}
