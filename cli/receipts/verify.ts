import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { Command } from 'commander'
import { parseEndLine } from '../../jobs/receipts/log/export-lines.ts'
import { parseHead } from '../../jobs/receipts/log/head.ts'
import { isNoteSignedBy } from '../../jobs/receipts/log/signed-note.ts'
import { isProved, parseProof } from '../../jobs/receipts/log/tlog-proof.ts'
import type { GivenHead } from '../../jobs/receipts/verify/compare-parts.ts'
import type { ExportFile } from '../../jobs/receipts/verify/part.ts'
import { verifyReceipts } from '../../jobs/receipts/verify/verify-receipts.ts'
import { EXIT } from '../exit-codes.ts'
import { fileFault } from '../file-fault.ts'
import { splitLines } from '../import/read/lines.ts'
import type { Shell } from '../shell.ts'
import { describe } from './describe-verification.ts'
import { type GivenKey, givenKey } from './given-key.ts'

interface VerifyOptions {
  readonly publicKey?: string
  readonly against?: string
  readonly each?: true
  readonly json?: true
}

/** `clear-friends receipts verify <file…>`: checks exports and proofs offline, with a public key. */
export function verifyCommand(shell: Shell): Command {
  return new Command('verify')
    .description('Verifies exports and proofs offline with a public key. Exit code 1 where something does not hold.')
    .argument('<file...>', 'exports in the order in which they were made, or a proof; - for standard input')
    .option(
      '--public-key <key>',
      'verifier key as `receipts key` prints it, or a file with it (default: RECEIPT_KEY’s)',
    )
    .option('--against <file>', 'a head or an older export, which must be a beginning of what is verified')
    .option('--each', 'check the signature of each entry too, beside the tree: 5 minutes for a million')
    .option('--json', 'print what was found as one JSON object')
    .action(
      shell.action(async (files: string[], options: VerifyOptions, command: Command) => {
        const key = await givenKey(options.publicKey, shell.environment, command)
        const begin = files.length === 1 ? await readBegin(files[0] ?? '') : ''
        if (parseHead(begin) !== undefined)
          command.error('error: this is a head, no export: verify an export, and give the head with --against', {
            exitCode: EXIT.usage,
          })
        if (begin.includes('\nc2sp.org/tlog-proof@v1\n')) return verifyProof(begin, key, shell)
        return verifyExports(files, key, options, shell)
      }),
    )
}

async function verifyExports(
  names: readonly string[],
  key: GivenKey,
  options: VerifyOptions,
  shell: Shell,
): Promise<number> {
  const against = options.against === undefined ? [] : await readHeads(options.against)
  const files = names.map(name => toFile(name, shell.stdin))
  const verification = await verifyReceipts(files, { ...key, against, each: options.each === true })
  if (options.json) shell.print(JSON.stringify(verification))
  else describe(verification, shell)
  return verification.findings.length > 0 || verification.entries === 0 ? EXIT.failed : EXIT.done
}

/** More of standard input is not kept for a second look. */
const KEPT_BYTES = 256 * 1024 * 1024

function toFile(name: string, stdin: Readable): ExportFile {
  if (name !== '-') return { name, open: () => textsOf(name, createReadStream(name)) }
  const kept: Buffer[] = []
  let bytes = 0
  let isRead = false
  const keep = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of stdin) {
      bytes += chunk.length
      if (bytes <= KEPT_BYTES) kept.push(chunk)
      yield chunk
    }
    isRead = true
  }
  const again = async function* (): AsyncGenerator<Buffer> {
    if (bytes > KEPT_BYTES)
      throw new Error('standard input is too long to find the line of a fault; give a file instead')
    yield* kept
  }
  return { name: 'standard input', open: () => textsOf('standard input', isRead ? again() : keep()) }
}

/** @throws Error when the file cannot be read or is no text; its message names the file and the reason */
async function* textsOf(name: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<string | null> {
  try {
    for await (const line of splitLines(chunks)) yield line.text
  } catch (error) {
    throw readFault(name, error)
  }
}

function readFault(name: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return new Error(
    'syscall' in error
      ? `${name}: it cannot be read (${fileFault(error)})`
      : `${name}: ${error.message}; give the file as \`receipts export\` wrote it, unpacked`,
  )
}

/** A proof or a head has a few lines. */
const BEGIN_BYTES = 65_536

/** Reads the begin of a file, by which a proof and a head are known. Standard input is taken for an export. */
async function readBegin(name: string): Promise<string> {
  if (name === '-') return ''
  const begin: Buffer[] = []
  try {
    for await (const chunk of createReadStream(name, { end: BEGIN_BYTES })) begin.push(chunk)
  } catch (error) {
    throw readFault(name, error)
  }
  return Buffer.concat(begin).toString()
}

function verifyProof(text: string, { publicKey, origin }: GivenKey, { print, say }: Shell): number {
  const proof = parseProof(text)
  if (proof === undefined) {
    say('the proof has another form than `receipts proof` writes: it was cut off or changed')
    return EXIT.failed
  }
  const { note, head, line } = proof
  const name = origin ?? head.origin
  if (!isNoteSignedBy(note, { name, publicKey })) {
    print('the head of the proof is not signed with this key')
    return EXIT.failed
  }
  if (!isProved(proof)) {
    print('the line is not in the log: line, number or path was changed')
    return EXIT.failed
  }
  print([
    line,
    `this is entry ${proof.index + 1} of the ${head.size} that ${head.origin} had at ${new Date(head.time).toISOString()}`,
  ])
  return EXIT.done
}

/** Reads the heads of a file: a head by itself, or those at the ends of exports. */
async function readHeads(name: string): Promise<readonly GivenHead[]> {
  const heads: GivenHead[] = []
  const text = await readFile(name, 'utf8').catch((error: unknown) => {
    throw readFault(name, error)
  })
  if (parseHead(text.replaceAll('\r\n', '\n')) !== undefined) return [{ name, note: text.replaceAll('\r\n', '\n') }]
  for (const line of text.split('\n')) {
    const note = line.startsWith('{"v":2,"kind":"head"') ? parseEndLine(line.trimEnd())?.checkpoint : undefined
    if (note !== undefined && note !== null) heads.push({ name, note })
  }
  if (heads.length === 0)
    throw new Error(`${name}: it holds no signed head: give a head from the log of a worker, or a whole export`)
  return heads
}
