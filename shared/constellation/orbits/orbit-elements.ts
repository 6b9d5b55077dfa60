/** Where a satellite's orbit lies, as mean elements at one common time, rad. */
export interface OrbitElements {
  readonly meanMotionRadPerS: number
  readonly inclinationRad: number
  readonly nodeRad: number
  /** Argument of perigee plus mean anomaly: how far the satellite is along its plane. */
  readonly latitudeRad: number
}
