import { z } from 'zod'

/** One thing that is wrong in a file that a user wrote: an experiment, an inventory. Lines and columns count from 1; null where there is no place. */
export const fileProblem = z.object({
  line: z.int().nullable(),
  column: z.int().nullable(),
  path: z.string(),
  value: z.string(),
  message: z.string(),
  allowed: z.string(),
})
export type FileProblem = z.infer<typeof fileProblem>
