import { describe, expect, it } from 'vitest'
import { windowToOpen } from './window-state'

const screen = { x: 0, y: 0, width: 1920, height: 1080 }
const second = { x: 1920, y: 0, width: 1280, height: 1024 }
const left = { bounds: { x: 100, y: 50, width: 1300, height: 800 }, maximised: false }

describe('windowToOpen', () => {
  it('opens the window as it was left', () => {
    expect(windowToOpen(JSON.stringify(left), [screen])).toEqual(left)
    expect(windowToOpen(JSON.stringify({ ...left, maximised: true }), [screen]).maximised).toBe(true)
  })

  it('forgets a place on a screen that is gone', () => {
    const away = JSON.stringify({ ...left, bounds: { ...left.bounds, x: 2000 } })
    expect(windowToOpen(away, [screen, second]).bounds?.x).toBe(2000)
    expect(windowToOpen(away, [screen]).bounds).toBeNull()
  })

  it.each([
    null,
    '',
    '{',
    '{"bounds":{"x":0,"y":0,"width":10,"height":10},"maximised":false}',
    '{"bounds":{"x":0,"y":-500,"width":1300,"height":800},"maximised":false}',
    '{"bounds":"wide"}',
  ])('opens the usual window for %j', (saved) => {
    expect(windowToOpen(saved, [screen])).toEqual({ bounds: null, maximised: false })
  })
})
