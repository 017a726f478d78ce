import type { IncomingMessage } from 'node:http'

/** Collects a body and hands it on as text; `undefined` when it is too long. A caller who breaks off is forgotten. */
export function readBody(request: IncomingMessage, maxBytes: number, done: (text: string | undefined) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
  })
  request.on('end', () => done(bytes > maxBytes ? undefined : Buffer.concat(chunks).toString('utf8')))
}
