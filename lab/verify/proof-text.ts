import { readDocuments } from '../experiments/documents'

/** A text that is certainly long enough for a prompt of so many tokens. @throws SkyError `documents_unreadable` */
export async function proofText(documentsDirectory: string, promptTokens: number): Promise<string> {
  const documents = await readDocuments(documentsDirectory, promptTokens * 2)
  return documents.map(({ text }) => text).join('\n')
}
