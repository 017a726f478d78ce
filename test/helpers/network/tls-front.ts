import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** TLS in front of a plain server of this machine, with handshakes that take as long as over a real network. */
export interface TlsFront {
  /** `https://localhost:<port>`. */
  readonly url: string
  /** For NODE_EXTRA_CA_CERTS: the certificate that a client must trust. */
  readonly certificateFile: string
  /** Handshakes so far. */
  handshakes(): Promise<number>
  /** Closes all connections without a request under way, as servers do with idle ones. */
  closeIdle(): Promise<void>
  stop(): Promise<void>
}

const processFile = fileURLToPath(new URL('./tls-front-process.ts', import.meta.url))
const startedSchema = z.object({ url: z.string(), certificateFile: z.string() })
const countedSchema = z.object({ handshakes: z.number() })

/**
 * Starts a front that begins each handshake `handshakeMs` late. A server has no other way to delay a connection: TCP's
 * own handshake is the system's.
 */
export async function startTlsFront(targetPort: number, handshakeMs: number): Promise<TlsFront> {
  const child = fork(processFile, [String(targetPort), String(handshakeMs)])
  const answer = async (): Promise<unknown> => (await once(child, 'message'))[0]
  const { url, certificateFile } = startedSchema.parse(await answer())
  const ask = async (question: 'closeIdle' | 'count'): Promise<number> => {
    const answered = answer()
    child.send(question)
    return countedSchema.parse(await answered).handshakes
  }
  return {
    url,
    certificateFile,
    handshakes: () => ask('count'),
    closeIdle: async () => {
      await ask('closeIdle')
    },
    stop: async () => {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
