import type { LlamaPlaces } from './models/llama/llama-installation'

/** Where everything lies that the lab engine needs. */
export interface LabEngineOptions {
  /** Where the database and the journals lie. */
  readonly dataDirectory: string
  /** Where exports go unless somebody names another folder. */
  readonly resultsDirectory: string
  /** The agent bundle. */
  readonly agentEntry: string
  /** Where the package that runs real models may lie. */
  readonly llama: LlamaPlaces
  /** The Node that runs agents. */
  readonly nodeExecutable: string
  /** The file of the simulator's worker threads. */
  readonly workerEntry: string
  /** What draws figures as PNG. */
  readonly figuresDirectory: string
  /** The folder of the documents `sotu`. */
  readonly documentsDirectory: string
  readonly version: string
  readonly gitRevision: string
}
