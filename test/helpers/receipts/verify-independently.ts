import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const script = new URL('../../../docs/examples/verify-receipts.mjs', import.meta.url).pathname

/** Runs the verifier of the docs, which has nothing of this project. */
export async function verifyIndependently(
  file: string,
  publicKey: string,
  ...more: string[]
): Promise<{ code: number; stdout: string }> {
  return promisify(execFile)(process.execPath, [script, file, publicKey, ...more]).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
  )
}
