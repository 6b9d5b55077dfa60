/** A record of a trace as it was found in the file, before anything but its syntax was checked. */
export type FoundRecord =
  | { readonly kind: 'value'; readonly number: number; readonly value: unknown }
  | { readonly kind: 'bad'; readonly number: number; readonly reason: string }

/** The records of a file, some at a time. */
export interface RecordSource {
  /** What the numbers of records count. */
  readonly unit: 'line' | 'conversation'
  /** The header line of a CSV file, else empty. */
  readonly header: readonly string[]
  readonly records: AsyncIterable<readonly FoundRecord[]>
}
