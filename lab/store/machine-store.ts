import { z } from 'zod'
import type { MachineReading } from '#shared/contract/console-api'
import type { MachineColumns } from '#shared/experiment/machine-columns'
import type { Database } from './database'
import { newestAttempts } from './run-store'

const rails = z.record(z.string(), z.number())

/** What the machines under a lab did during attempts. */
export class MachineStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** A reading that is stored already is passed over. */
  async add(attemptId: number, readings: readonly MachineReading[]): Promise<void> {
    await this.#database.write(async (connection) => {
      for (const reading of readings) {
        await connection.run(
          'INSERT OR IGNORE INTO machines VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)',
          [
            attemptId,
            reading.machine,
            reading.at,
            reading.cpuLoad,
            reading.memoryUsedBytes,
            reading.temperatureC,
            reading.receivedBytesPerS,
            reading.sentBytesPerS,
            reading.gpuLoad,
            JSON.stringify(reading.powerW),
          ],
        )
      }
    })
  }

  /** In order of time. */
  async ofAttempt(attemptId: number): Promise<MachineReading[]> {
    const rows = await this.#database.read(
      `SELECT machine, "at", cpu_load AS "cpuLoad", memory_used_bytes AS "memoryUsedBytes",
        temperature_c AS "temperatureC", received_bytes_per_s AS "receivedBytesPerS",
        sent_bytes_per_s AS "sentBytesPerS", gpu_load AS "gpuLoad", power_w AS "powerW"
       FROM machines WHERE attempt_id = $1 ORDER BY "at"`,
      [attemptId],
    )
    return rows.map((row) => ({ ...row, powerW: railsIn(row['powerW']) }) as unknown as MachineReading)
  }

  /** The machines of a run's newest attempts, and what their power rails are called. */
  async ofRun(runId: string): Promise<MachineColumns[]> {
    const rows = await this.#database.read(
      `SELECT machine, power_w AS "powerW" FROM machines JOIN ${newestAttempts} a USING (attempt_id)
       WHERE a.run_id = $1 QUALIFY row_number() OVER (PARTITION BY machine, json_keys(power_w) ORDER BY "at") = 1`,
      [runId],
    )
    const names = new Map<string, Set<string>>()
    for (const row of rows) {
      const machine = String(row['machine'])
      const known = names.get(machine) ?? new Set()
      names.set(machine, known)
      for (const rail of Object.keys(railsIn(row['powerW']))) known.add(rail)
    }
    return [...names]
      .map(([machine, known]) => ({ machine, rails: [...known].sort() }))
      .sort((a, b) => a.machine.localeCompare(b.machine, 'en', { numeric: true }))
  }
}

function railsIn(text: unknown): Record<string, number> {
  return rails.parse(JSON.parse(String(text)))
}
