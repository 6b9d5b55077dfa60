import { charactersPerToken, readDocuments } from '../experiments/documents'

/**
 * A text that is certainly long enough for a prompt of so many tokens, and no longer: all of it is tokenised for every answer.
 * @throws SkyError `documents_unreadable`
 */
export async function proofText(documentsDirectory: string, promptTokens: number): Promise<string> {
  const documents = await readDocuments(documentsDirectory, promptTokens * 2)
  const text = documents.map((document) => document.text).join('\n')
  return text.slice(0, promptTokens * charactersPerToken)
}
