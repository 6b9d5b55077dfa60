import type { Sky } from '../../constellation/orbits/sky'
import type { EventRecord } from '../../experiment/records'
import type { GroundServers } from './ground-servers'
import { Running, type Process } from './process'

export interface RotationsOptions {
  readonly ground: GroundServers
  /** Real orbits turn by themselves: when another satellite comes overhead. */
  readonly sky: Sky | null
  readonly nowMs: () => number
  /** ms between two rotations by the clock; 0 = never. */
  readonly periodMs: number
  /** Rotate after so many answered requests, before the next one starts; 0 = never. */
  readonly everyRequests: number
  readonly until: (timeMs: number) => Process<void>
  readonly note: (name: EventRecord['name'], message: string) => void
}

/** Turns the constellation: by the clock, or after every so many requests. */
export class Rotations {
  readonly #options: RotationsOptions
  #turning: Running<void> | null = null
  #begun = 0
  #answered = 0
  #over = false

  constructor(options: RotationsOptions) {
    this.#options = options
  }

  /** By the clock, until `end`; one rotation after another. */
  *run(): Process<void> {
    const { periodMs, until, sky } = this.#options
    if (sky !== null) return yield* this.#follow(sky)
    if (periodMs === 0) return
    while (!this.#over) {
      yield* until((this.#begun + 1) * periodMs)
      if (!this.#over) yield* this.#turn()
    }
  }

  *#follow(sky: Sky): Process<void> {
    const { until, nowMs } = this.#options
    for (let view = sky.viewAt(nowMs() / 1000); view.untilS !== Infinity && !this.#over;) {
      yield* until(view.untilS * 1000)
      view = sky.viewAt(view.untilS)
      if (view.epoch > this.#begun && !this.#over) yield* this.#turn()
    }
  }

  /** The work is over: no rotation begins any more. Ends when the one that runs is through. */
  *end(): Process<void> {
    this.#over = true
    if (this.#turning !== null) yield* this.#turning.wait()
  }

  requestAnswered(): void {
    this.#answered += 1
  }

  /** What is due by the number of answered requests, before another one starts. */
  *beforeRequest(): Process<void> {
    const { everyRequests } = this.#options
    if (everyRequests === 0) return
    while (this.#turning !== null || this.#begun < Math.floor(this.#answered / everyRequests)) {
      yield* this.#turn()
    }
  }

  /** One rotation; who asks while one runs waits for that one. */
  *#turn(): Process<void> {
    this.#turning ??= new Running(this.#rotate())
    const turning = this.#turning
    yield* turning.wait()
    if (this.#turning === turning) this.#turning = null
  }

  *#rotate(): Process<void> {
    const { ground, note } = this.#options
    const rotation = ++this.#begun
    note('rotation_started', `rotation ${rotation}`)
    const { chunks, bytes } = yield* ground.rotate()
    note('rotation_finished', `rotation ${rotation}: ${chunks} chunks, ${bytes} B moved`)
  }
}
