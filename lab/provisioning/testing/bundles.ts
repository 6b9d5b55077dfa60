import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryFolder } from '../../testing/folders'

/** A bundle that does the same and is another one. */
export function otherBundle(agent: string, comment: string): string {
  const file = join(temporaryFolder(), 'skymemory-agent.mjs')
  copyFileSync(agent, file)
  copyModelProgram(agent, file)
  appendFileSync(file, `\n// ${comment}\n`)
  return file
}

/** A bundle whose agent ends as soon as it starts, with these last words. Its other commands, such as `supervise`, work. */
export function crashingBundle(agent: string, lastWords: string): string {
  const file = join(temporaryFolder(), 'skymemory-agent.mjs')
  const crash = `if (process.argv[2] === '--config') { console.error(${JSON.stringify(lastWords)}); process.exit(7) }\n`
  // Imports come before it wherever they stand; they are of Node's own modules alone.
  writeFileSync(file, crash + readFileSync(agent, 'utf8'))
  copyModelProgram(agent, file)
  return file
}

/** It is looked for beside the agent. */
function copyModelProgram(agent: string, other: string): void {
  const of = (file: string): string => join(dirname(file), 'skymemory-model.mjs')
  copyFileSync(of(agent), of(other))
}
