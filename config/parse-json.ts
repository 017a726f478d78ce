/** Parses JSON text; returns `undefined` if it is no JSON. A schema must check the result. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
