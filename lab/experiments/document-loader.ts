import type { Document } from '#shared/contract/agent-control'
import { SkyError } from '#shared/contract/errors'
import type { ParameterValues } from '#shared/experiment/parameters'
import type { InferenceClient } from '../hosts/lab-hosts'
import { documentsFolder, portions, readDocuments } from './documents'

/** Times that documents are given while the agent that takes them is started again; beyond, something is wrong with its host. */
const mostTries = 3

/**
 * Gives documents to the inference host, and remembers what it holds: most trials of a run want the same. What is remembered is that
 * one process of the agent holds them: a client may outlive it, and lead to another one that holds nothing.
 */
export class DocumentLoader {
  readonly #sotuDirectory: string
  #held: { agent: string; key: string } | null = null

  constructor(sotuDirectory: string) {
    this.#sotuDirectory = sotuDirectory
  }

  /** @throws SkyError `documents_unreadable`, `host_down` when the agent is started again and again meanwhile */
  async load(client: InferenceClient, parameters: ParameterValues): Promise<void> {
    const folder = documentsFolder(parameters.documents, this.#sotuDirectory)
    const key = `${parameters.document_tokens} ${folder}`
    let agent = await processOf(client)
    if (this.#held?.agent === agent && this.#held.key === key) return
    this.#held = null
    const documents = await readDocuments(folder, parameters.document_tokens)
    for (let tries = 0; tries < mostTries; tries++) {
      const giver = agent
      const failure = await give(client, documents).then(
        () => null,
        (thrown: unknown) => ({ thrown }),
      )
      agent = await processOf(client)
      if (agent === giver) {
        if (failure) throw failure.thrown
        this.#held = { agent, key }
        return
      }
    }
    throw new SkyError(
      'host_down',
      `The agent of the inference host was started again ${mostTries} times while it was given documents`,
      'Look at its log.',
    )
  }
}

async function give(client: InferenceClient, all: readonly Document[]): Promise<void> {
  let from = 0
  for (const documents of portions(all)) {
    await client.call('loadDocuments', { from, documents })
    from += documents.length
  }
}

/** Tells one process of an agent from every other one. */
async function processOf(client: InferenceClient): Promise<string> {
  const { hostId, pid, startedAt, bootId } = await client.call('hello', {})
  return [hostId, pid, startedAt, bootId].join(' ')
}
