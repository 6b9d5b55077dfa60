import { createCipheriv, createHash } from 'node:crypto'
import { tensorTypes } from '#shared/gguf/format'
import { halfFloat } from './half-float'
import { tensorBytes, type TensorToWrite } from './gguf-writer'

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

const halvesOf = new Map<number, Uint16Array>()

/** The half of every 16 random bits; remembered, because the matrices of a model have a few deviations only. */
function evenHalves(deviation: number): Uint16Array {
  const known = halvesOf.get(deviation)
  if (known !== undefined) return known
  const halves = Uint16Array.from({ length: 65_536 }, (_, bits) => halfFloat(evenly(bits, deviation)))
  halvesOf.set(deviation, halves)
  return halves
}

/** A matrix, or several, of random halves, evenly distributed around 0; the first number of its shape is the length of a row. */
export function randomHalves(
  seed: number,
  name: string,
  shape: readonly number[],
  deviation: number,
): TensorToWrite {
  const type = tensorTypes.f16
  return {
    name,
    shape,
    type,
    *pieces() {
      const halves = evenHalves(deviation)
      const random = randomFiller(seed, name)
      yield* inPieces(tensorBytes({ shape, type }), type.blockBytes, (piece) => {
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
  shape: readonly number[],
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
      yield* inPieces(tensorBytes({ shape, type }), type.blockBytes, (piece) => {
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

/** Numbers that are kept in full, such as norms and biases: f32, evenly spread over a span that begins at `from`. */
export function randomNumbers(
  seed: number,
  name: string,
  shape: readonly number[],
  { from, span }: { readonly from: number; readonly span: number },
): TensorToWrite {
  const type = tensorTypes.f32
  return {
    name,
    shape,
    type,
    *pieces() {
      const random = randomFiller(seed, name)
      yield* inPieces(tensorBytes({ shape, type }), type.blockBytes, (piece) => {
        random(piece)
        for (let at = 0; at < piece.length; at += 4) {
          piece.writeFloatLE(from + (span * piece.readUInt32LE(at)) / 2 ** 32, at)
        }
      })
    },
  }
}
