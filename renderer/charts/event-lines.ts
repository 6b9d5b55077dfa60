import type { Chart, Plugin } from 'chart.js'
import type { ChartEvent } from './chart-spec'
import type { ChartPalette } from './palette'

/** Draws events as lines behind the series: faults over the full height, other events as ticks at the bottom. */
export function eventLines(events: () => readonly ChartEvent[], palette: () => ChartPalette): Plugin<'line'> {
  return {
    id: 'eventLines',
    beforeDatasetsDraw(chart: Chart<'line'>) {
      const { ctx, chartArea: area, scales } = chart
      const x = scales['x']
      if (!x) return
      const colours = palette()
      ctx.save()
      ctx.lineWidth = 1
      for (const event of events()) {
        if (event.x < x.min || event.x > x.max) continue
        const at = Math.round(x.getPixelForValue(event.x)) + 0.5
        const fault = event.severity === 'fault'
        ctx.strokeStyle = fault ? colours.fault : colours.muted
        ctx.setLineDash(fault ? [3, 3] : [])
        ctx.beginPath()
        ctx.moveTo(at, fault ? area.top : area.bottom - 6)
        ctx.lineTo(at, area.bottom)
        ctx.stroke()
      }
      ctx.restore()
    },
  }
}
