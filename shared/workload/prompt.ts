/**
 * A question as it stands in a prompt, with what separates it from the text before. A prompt is the document, then question and answer
 * of every turn so far, then the new question: each turn's prompt, followed by its answer, begins the prompts of all later turns.
 */
export const questionText = (question: string): string => `\n\nQuestion: ${question}\nAnswer: `

/** A text of a prompt; each is tokenised by itself (docs/decisions/0006-tokenise-by-part.md). */
export interface PromptPart {
  readonly text: string
  /** Nothing stands before it but the begin of text: some tokenizers put a space there, as before every other word. */
  readonly startsPrompt: boolean
}
