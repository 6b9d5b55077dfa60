import type { BatchBuilder } from './batch-builder'

/** Turns the records of one format into requests. Owns no file: whoever reads it hands over record by record. */
export interface TraceImporter {
  /**
   * Adds the requests that a record holds.
   * @param record a parsed JSON value, or the fields of a CSV row
   * @throws BadRecord for a record that cannot be used; nothing of it has been added then
   */
  add(record: unknown, builder: BatchBuilder): void
  /** Distinct blocks so far. */
  readonly uniqueBlocks: number
}

/** Text to tokens: pure, but large, so that it is handed in. */
export interface Tokeniser {
  /** The token that stands first in every prompt. */
  readonly beginOfText: number
  tokenise(text: string): readonly number[]
}
