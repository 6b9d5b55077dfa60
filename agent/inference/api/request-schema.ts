import { z } from 'zod'

/** The parts of the OpenAI request bodies that this server understands; others are ignored, as OpenAI clients expect. */
const common = z.object({
  model: z.string(),
  max_tokens: z.int().min(1).max(100_000).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().nullish(),
  n: z.literal(1, 'only one choice is supported').nullish(),
})

export const completionBody = common.extend({ prompt: z.union([z.string(), z.array(z.int().min(0)).min(1)]) })
export type CompletionBody = z.infer<typeof completionBody>

const textPart = z.object({ type: z.literal('text'), text: z.string() })
const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union([z.string(), z.array(textPart)]),
})
export type ChatMessage = z.infer<typeof message>

export const chatBody = common.extend({
  messages: z.array(message).min(1),
  max_completion_tokens: z.int().min(1).max(100_000).nullish(),
})
export type ChatBody = z.infer<typeof chatBody>

export function messageText({ content }: ChatMessage): string {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('')
}
