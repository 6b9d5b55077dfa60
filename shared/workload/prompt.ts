/** One turn of a conversation that is over. */
export interface Turn {
  readonly question: string
  readonly answer: string
}

/**
 * The prompt of the next turn: the document, all turns so far, the question. The prompt of a turn, followed by its answer, is a prefix of
 * the prompts of all later turns, and prompts about one document share the document: that is what a prefix cache lives on.
 * @param documentText already cut to the workload's length
 */
export function promptText(documentText: string, turnsSoFar: readonly Turn[], question: string): string {
  const dialogue = turnsSoFar.map((turn) => `${questionText(turn.question)}${turn.answer}`).join('')
  return `${documentText}${dialogue}${questionText(question)}`
}

/** A question as it stands in a prompt, with what separates it from the text before. */
export const questionText = (question: string): string => `\n\nQuestion: ${question}\nAnswer: `
