/** A message of a chat as it stands in a prompt; each one is tokenised by itself (docs/decisions/0006-tokenise-by-part.md). */
export const chatMessageText = (role: string, text: string): string => `<|${role}|>\n${text}\n`

/** What ends a prompt, so that the model goes on as the assistant. */
export const answerOpening = '<|assistant|>\n'
