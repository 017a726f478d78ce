/**
 * Arrivals as the kernel stamps them. The simulator stamps a call when its process gets a core, so a busy machine moves
 * its stamps together; no load moves those of the kernel.
 */
import { spawn, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** A capture that runs. */
export interface KernelStamps {
  /** Gives the times at which calls of a command have arrived so far: epoch ms, ascending. */
  read(command: string): Promise<readonly number[]>
  stop(): Promise<void>
}

/** Packets whose payload begins with `POST`: the offset of the payload stands in the TCP header. */
const BEGINS_WITH_POST = 'tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x504f5354'
/** Enough for the headers of the packet and the path of the request. */
const BYTES_OF_EACH = 300
const KERNEL_BUFFER_KB = 16_384
/** tcpdump takes packets from the kernel once a second. */
const TAKEN_AFTER_MS = 1200

/** Whether this user may capture: `tcpdump` opens the device to say how it would filter it. */
export const mayCapture = (): boolean => spawnSync('tcpdump', ['-i', 'lo', '-d']).status === 0

/**
 * Captures the calls that arrive at a port of this machine over plain HTTP. Needs `tcpdump` and the right to capture.
 *
 * @returns nothing where one of them is missing
 */
export async function captureCalls(port: number): Promise<KernelStamps | undefined> {
  const filter = `tcp dst port ${port} and ${BEGINS_WITH_POST}`
  const options = ['-i', 'lo', '-nn', '-s', BYTES_OF_EACH, '-B', KERNEL_BUFFER_KB, '-U', '-w', '-'].map(String)
  const tcpdump = spawn('tcpdump', [...options, filter], { stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  tcpdump.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const kill = (): void => void tcpdump.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<void>(resolve => {
    tcpdump.once('error', () => resolve())
    tcpdump.once('close', () => resolve())
  }).finally(() => process.off('exit', kill))
  // It goes on to be read: tcpdump ends when nobody takes what it says.
  const began = new Promise<boolean>(resolve => {
    tcpdump.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('listening on')) resolve(true)
    })
  })
  const isCapturing = await Promise.race([began, ended.then(() => false)])
  if (!isCapturing) return undefined
  return {
    read: async command => {
      await sleep(TAKEN_AFTER_MS)
      return stampsIn(Buffer.concat(chunks), command)
    },
    stop: () => {
      tcpdump.kill('SIGINT')
      return ended
    },
  }
}

const FILE_HEADER = 24
const ETHERNET_HEADER = 14
const RECORD_HEADER = 16
const LITTLE_ENDIAN = [0xd4c3b2a1, 0x4d3cb2a1]
const WITH_NANOSECONDS = [0x4d3cb2a1, 0xa1b23c4d]

/** Reads a capture in the format `pcap`: a header, then for each packet seconds, parts of one, length kept, length. */
function stampsIn(capture: Buffer, command: string): number[] {
  const magic = capture.readUInt32BE(0)
  const numberAt = (at: number): number =>
    LITTLE_ENDIAN.includes(magic) ? capture.readUInt32LE(at) : capture.readUInt32BE(at)
  const partsPerMs = WITH_NANOSECONDS.includes(magic) ? 1_000_000 : 1000
  const stamps: number[] = []
  const seen = new Set<string>()
  for (let at = FILE_HEADER; at + RECORD_HEADER <= capture.length; ) {
    const kept = numberAt(at + 8)
    const packet = capture.toString('latin1', at + RECORD_HEADER, at + RECORD_HEADER + kept)
    const sender = senderOf(capture, at + RECORD_HEADER + ETHERNET_HEADER)
    if (packet.includes(`/${command}?`) && !seen.has(sender))
      stamps.push(numberAt(at) * 1000 + numberAt(at + 4) / partsPerMs)
    seen.add(sender)
    at += RECORD_HEADER + kept
  }
  return stamps.toSorted((a, b) => a - b)
}

/** Names a packet by its port and its TCP sequence number: TCP sends one again whose receipt is confirmed late. */
function senderOf(capture: Buffer, ipHeader: number): string {
  const tcpHeader = ipHeader + ((capture[ipHeader] ?? 0) & 0xf) * 4
  return `${capture.readUInt16BE(tcpHeader)} ${capture.readUInt32BE(tcpHeader + 4)}`
}
