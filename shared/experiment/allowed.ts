import type { Parameter } from './parameters'

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 20 })

/** A number as people read it: 12,288. */
export function numberText(value: number): string {
  return Math.abs(value) >= 1e15 || (value !== 0 && Math.abs(value) < 1e-6)
    ? String(value)
    : grouped.format(value)
}

/** What a parameter's value may be, in words: "an integer from 256 to 4,194,304 B". */
export function allowedText(parameter: Parameter): string {
  switch (parameter.kind) {
    case 'enum':
      return `one of ${parameter.values.join(', ')}`
    case 'text':
      return 'a text that is not empty'
    case 'integer':
    case 'number': {
      const kind = parameter.kind === 'integer' ? 'an integer' : 'a number'
      const unit = parameter.unit === '' ? '' : ` ${parameter.unit}`
      return `${kind} from ${numberText(parameter.min)} to ${numberText(parameter.max)}${unit}`
    }
  }
}
