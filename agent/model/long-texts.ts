import { fork } from 'node:child_process'
import { statSync } from 'node:fs'
import { fromErrorBody, SkyError, toErrorBody, type ErrorBody } from '#shared/contract/errors'
import { asInstalled, importLlama } from './llama-library'
import { Tokenizer, type TokenizerInput } from './tokenizer'

/** As the last argument: the program is to tokenise one text, and end. */
export const tokeniseMode = 'tokenise'

interface Task {
  readonly modelFile: string
  readonly roomTokens: number
  readonly input: TokenizerInput
}

type Answer =
  { readonly ok: true; readonly tokens: number[] } | { readonly ok: false; readonly error: ErrorBody }

/**
 * Tokenises long texts beside the model: llama.cpp takes about a second for a megabyte, and lets nothing else of its thread run.
 * For each text a process loads the vocabulary alone; one at a time, as huge texts take memory. A thread would not do: llama.cpp's
 * binding keeps its log and its backend once a process.
 */
export class LongTexts {
  readonly #program: string
  readonly #packageFolder: string
  readonly #about: Omit<Task, 'input'>
  readonly #fileMark: string
  #last: Promise<unknown> = Promise.resolve()

  /** @param program this one: started with `tokeniseMode`, it answers by `tokeniseOnce` */
  constructor(program: string, packageFolder: string, about: Omit<Task, 'input'>) {
    this.#program = program
    this.#packageFolder = packageFolder
    this.#about = about
    this.#fileMark = markOf(about.modelFile)
  }

  /** @throws SkyError engine_failed when the process ends early, or the model's file is another one than was loaded; what `Tokenizer` does */
  tokens(input: TokenizerInput): Promise<number[]> {
    const tokens = this.#last.then(() => this.#run({ ...this.#about, input }))
    this.#last = tokens.catch(() => undefined)
    return tokens
  }

  async #run(task: Task): Promise<number[]> {
    const child = fork(this.#program, [this.#packageFolder, tokeniseMode])
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        const ended = (how: string): void =>
          reject(
            new SkyError('engine_failed', `the tokenizer's process ended (${how}) before it had answered`),
          )
        child.once('message', (message) => resolve(message as Answer))
        child.once('error', (error) => ended(error.message))
        child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
        child.send(task, (error) => (error === null ? undefined : ended(error.message)))
      })
      if (!answer.ok) throw fromErrorBody(answer.error)
      if (markOf(task.modelFile) === this.#fileMark) return answer.tokens
      const message = `${task.modelFile} is no longer the file that was loaded`
      throw new SkyError('engine_failed', message, 'Open the model again.')
    } finally {
      child.kill('SIGKILL')
    }
  }
}

/** What a process does that was started with `tokeniseMode`. */
export function tokeniseOnce(packageFolder: string): void {
  process.once('message', (task) => {
    void tokenise(packageFolder, task as Task)
      .catch((thrown: unknown): Answer => ({ ok: false, error: toErrorBody(thrown) }))
      .then((answer) => process.send?.(answer))
  })
}

async function tokenise(packageFolder: string, { modelFile, roomTokens, input }: Task): Promise<Answer> {
  const library = await importLlama(packageFolder)
  const llama = await library.getLlama({ ...asInstalled, logLevel: library.LlamaLogLevel.error })
  const model = await llama.loadModel({ modelPath: modelFile, vocabOnly: true })
  return { ok: true, tokens: new Tokenizer(model, roomTokens).tokens(input) }
}

/** Another one for another file under the same path. */
function markOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  return JSON.stringify([found?.size, found?.mtimeMs, found?.ino])
}
