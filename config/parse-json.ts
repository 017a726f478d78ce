/** Parses JSON text; `undefined` where it is none, which no JSON text stands for. A schema must look at the rest. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
