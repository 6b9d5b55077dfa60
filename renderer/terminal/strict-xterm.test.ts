import { describe, expect, it } from 'vitest'
import xterm from '../../node_modules/@xterm/xterm/lib/xterm.mjs?raw'
import { strictXterm } from './strict-xterm'

const { transform } = strictXterm('C:\\app\\strict-document.ts')
const id = '/app/node_modules/@xterm/xterm/lib/xterm.mjs'

describe('xterm.js in the window', () => {
  it('works with a document that keeps the content policy', () => {
    const code = transform(xterm, `${id}?v=1`)
    expect(code).toContain('from "C:/app/strict-document.ts"')
    expect(code).not.toContain('window.document')
    // What the library does with the window's own document: where this changes, look at the policy again.
    expect(xterm.split('window.document')).toHaveLength(2)
    expect(xterm).toMatch(/_rowFactory=\w+\.createInstance\(\w+,document\)/)
  })

  it('brings no other ways of styles past the policy', () => {
    expect(xterm).not.toMatch(/innerHTML|insertAdjacentHTML|outerHTML/)
  })

  it('leaves other modules alone', () => {
    expect(transform(xterm, '/app/node_modules/@xterm/addon-fit/lib/addon-fit.mjs')).toBeNull()
  })
})
