/** Sensors outside of this are not connected, or broken, degrees Celsius. */
const coldestC = -40
const hottestC = 125

/** A sensor of the kernel's thermal or hwmon class: thousandths of a degree. Null: no measurement. */
export function parseTemperatureC(text: string | null): number | null {
  const value = wholeNumber(text)
  if (value === null) return null
  const celsius = value / 1000
  return celsius > coldestC && celsius < hottestC ? celsius : null
}

/**
 * Whether a sensor measures something. Chips for fans and voltages have inputs to which nothing is connected, and the Jetson's
 * PMIC tells 100 degrees always.
 */
export function isRealSensor(name: string): boolean {
  return !/^(nct|it8|w83|f71|sch5|PMIC)/i.test(name)
}

/** The load of a Jetson's GPU: thousandths. */
export function parseGpuLoad(text: string | null): number | null {
  const value = wholeNumber(text)
  return value === null || value < 0 || value > 1000 ? null : value / 1000
}

/** A rail of an INA3221: millivolts and milliamperes. */
export function wattsOf(milliVolts: string | null, milliAmperes: string | null): number | null {
  const [volts, amperes] = [wholeNumber(milliVolts), wholeNumber(milliAmperes)]
  return volts === null || amperes === null ? null : (volts * amperes) / 1e6
}

/** A chip that multiplies by itself: microwatts. */
export function parseWatts(microWatts: string | null): number | null {
  const value = wholeNumber(microWatts)
  return value === null ? null : value / 1e6
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\s*-?\d+\s*$/.test(text) ? Number(text) : null
}
