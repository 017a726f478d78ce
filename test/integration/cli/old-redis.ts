import { createServer, type Socket } from 'node:net'

/** A stand-in for a Redis 5 of 2018, which answers the commands that a client sends before it refuses the server. */
export interface OldRedis {
  readonly url: string
  /** Commands beyond the first exchange; a test expects none, since no command may read or write there. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

const INFO = '# Server\r\nredis_version:5.0.14\r\nredis_mode:standalone\r\nloading:0\r\n'

/** Starts an old Redis on a free port. */
export async function startOldRedis(): Promise<OldRedis> {
  const asked: string[] = []
  const clients = new Set<Socket>()
  const server = createServer(client => {
    clients.add(client)
    client.on('error', () => {}).on('close', () => clients.delete(client))
    let text = ''
    client.on('data', piece => {
      text += String(piece)
      const { commands, rest } = readCommands(text)
      text = rest
      for (const command of commands) client.write(answer(command, asked))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `redis://127.0.0.1:${address.port}`,
    asked,
    close: async () => {
      for (const client of clients) client.destroy()
      await new Promise<void>(resolve => server.close(() => resolve()))
    },
  }
}

function answer(command: readonly string[], asked: string[]): string {
  const name = (command[0] ?? '').toUpperCase()
  if (name === 'INFO') return `$${INFO.length}\r\n${INFO}\r\n`
  if (name !== 'HELLO' && name !== 'CLIENT') asked.push(name)
  return `-ERR unknown command \`${name}\`, with args beginning with: \r\n`
}

/** Reads the complete commands: `*<count>`, then `$<length>` and the text of each word. */
function readCommands(text: string): { commands: string[][]; rest: string } {
  const commands: string[][] = []
  let rest = text
  for (;;) {
    const command = readCommand(rest)
    if (command === undefined) return { commands, rest }
    commands.push(command.words)
    rest = rest.slice(command.length)
  }
}

function readCommand(text: string): { words: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text)
  if (head === null) return undefined
  const words: string[] = []
  let length = head[0].length
  for (let index = 0; index < Number(head[1]); index++) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(length))
    if (size === null) return undefined
    const from = length + size[0].length
    length = from + Number(size[1]) + 2
    if (text.length < length) return undefined
    words.push(text.slice(from, length - 2))
  }
  return { words, length }
}
