import { createCipheriv, createHash } from 'node:crypto'
import { tensorTypes } from '#shared/gguf/format'
import { halfFloat } from './half-float'
import type { TensorToWrite } from './gguf-writer'

/** Bytes of a tensor that are made at a time, about; memory stays near it. */
const pieceBytes = 4 * 1024 * 1024

/** Random bytes that depend on the seed and the tensor's name only: AES-128 in counter mode, the same on every machine. */
function randomFiller(seed: number, name: string): (buffer: Buffer) => void {
  const key = createHash('sha256').update(`${seed} ${name}`).digest()
  const cipher = createCipheriv('aes-128-ctr', key.subarray(0, 16), key.subarray(16))
  return (buffer) => {
    buffer.fill(0)
    cipher.update(buffer).copy(buffer)
  }
}

/** Calls `fill` for the tensor's bytes, piece by piece, in one buffer that is used again. */
function* inPieces(bytes: number, unitBytes: number, fill: (piece: Buffer) => void): Generator<Buffer> {
  const most = Math.floor(pieceBytes / unitBytes) * unitBytes
  const buffer = Buffer.alloc(Math.min(bytes, most))
  for (let left = bytes; left > 0;) {
    const piece = buffer.subarray(0, Math.min(left, most))
    fill(piece)
    yield piece
    left -= piece.length
  }
}

/** 2^16 numbers, evenly spread over -1 to 1, of standard deviation `deviation` once scaled by sqrt(3). */
const evenly = (bits: number, deviation: number): number =>
  ((2 * bits + 1) / 65_536 - 1) * Math.sqrt(3) * deviation

/** A matrix of random halves, evenly distributed around 0. */
export function randomHalves(
  seed: number,
  name: string,
  shape: readonly [row: number, rows: number],
  deviation: number,
): TensorToWrite {
  const type = tensorTypes.f16
  return {
    name,
    shape,
    type,
    *pieces() {
      const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => halfFloat(evenly(bits, deviation)))
      const random = randomFiller(seed, name)
      yield* inPieces(shape[0] * shape[1] * type.blockBytes, type.blockBytes, (piece) => {
        random(piece)
        for (let at = 0; at < piece.length; at += 2) {
          piece.writeUInt16LE(halves[piece.readUInt16LE(at)] as number, at)
        }
      })
    },
  }
}

/** Standard deviation of a 4-bit number, 0 to 15, each as likely. */
const nibbleDeviation = Math.sqrt((16 ** 2 - 1) / 12)

/**
 * A matrix of random q4_0 blocks: a scale d (half) and 32 numbers q of 4 bits, of values d * (q - 8). Half of the scales are negative,
 * because the numbers are -0.5 on average: with scales of one sign all weights together would lean to one side and rule the result.
 */
export function randomQ4(
  seed: number,
  name: string,
  shape: readonly [row: number, rows: number],
  deviation: number,
): TensorToWrite {
  const type = tensorTypes.q4_0
  const scale = halfFloat(deviation / nibbleDeviation)
  return {
    name,
    shape,
    type,
    *pieces() {
      const random = randomFiller(seed, name)
      const bytes = ((shape[0] * shape[1]) / type.blockValues) * type.blockBytes
      yield* inPieces(bytes, type.blockBytes, (piece) => {
        random(piece)
        for (let at = 0; at < piece.length; at += type.blockBytes) {
          const sign = (piece[at] as number) & 0x80
          piece[at] = scale & 0xff
          piece[at + 1] = (scale >>> 8) | sign
        }
      })
    },
  }
}

/** The weights of a norm: f32, between 0.9 and 1.1. */
export function randomNorm(seed: number, name: string, width: number): TensorToWrite {
  const type = tensorTypes.f32
  return {
    name,
    shape: [width],
    type,
    *pieces() {
      const random = randomFiller(seed, name)
      yield* inPieces(width * type.blockBytes, type.blockBytes, (piece) => {
        random(piece)
        for (let at = 0; at < piece.length; at += 4) {
          piece.writeFloatLE(0.9 + (0.2 * piece.readUInt32LE(at)) / 2 ** 32, at)
        }
      })
    },
  }
}
