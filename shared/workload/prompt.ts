/**
 * A question as it stands in a prompt, with what separates it from the text before. A prompt is the document, then question and answer
 * of every turn so far, then the new question: each turn's prompt, followed by its answer, begins the prompts of all later turns.
 */
export const questionText = (question: string): string => `\n\nQuestion: ${question}\nAnswer: `
