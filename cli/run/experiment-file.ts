import { readFile } from 'node:fs/promises'
import { SkyError } from '#shared/contract/errors'
import { parseExperiment } from '#shared/experiment/parse'
import type { Experiment } from '#shared/experiment/schema'
import type { CommandContext } from '../context'
import { problemLine } from '../output/errors'

/** Longest experiment file that is read, bytes: a longer one is something else. */
const longestFile = 1_000_000

/** @throws SkyError `invalid_experiment`: not there, too long, not UTF-8 */
export async function readExperiment(file: string): Promise<string> {
  try {
    const bytes = await readFile(file)
    if (bytes.length > longestFile) {
      throw new SkyError(
        'invalid_experiment',
        `${file} has ${bytes.length} bytes: too long for an experiment`,
      )
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (thrown) {
    if (thrown instanceof SkyError) throw thrown
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SkyError('invalid_experiment', `${file} cannot be read: ${reason}`, 'Name a YAML file.', {
      file,
    })
  }
}

/**
 * @param lab where it is to run, whatever the file says
 * @throws SkyError `invalid_experiment`, after a line for every problem
 */
export function checkedExperiment(
  { terminal }: CommandContext,
  file: string,
  yaml: string,
  lab?: string,
): Experiment {
  const parsed = parseExperiment(yaml, lab)
  if (parsed.ok) return parsed.experiment
  for (const problem of parsed.problems) terminal.err(problemLine(file, problem))
  const count = parsed.problems.length
  const message = `${file} has ${count === 1 ? 'a problem' : `${count} problems`} and was not run`
  throw new SkyError('invalid_experiment', message, 'Correct the lines above.')
}
