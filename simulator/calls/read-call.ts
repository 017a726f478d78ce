import { accountCheck } from './account-calls.ts'
import type { CommandName } from './commands.ts'
import { type Body, BodyRefusedError, type Operation, type World } from './operation.ts'
import { friendGet } from './relation-reads.ts'
import { friendDelete, friendDeleteAll } from './relation-writes.ts'

const READERS: Readonly<Record<CommandName, (body: Body, world: World) => Operation>> = {
  friend_delete_all: friendDeleteAll,
  friend_delete: friendDelete,
  friend_get: friendGet,
  account_check: accountCheck,
}

/** Reads the body of a call; answers with the operation, or with the vendor's code for what is wrong with it. */
export function readCall(command: CommandName, text: string, world: World): Operation | number {
  const body = parseObject(text)
  if (body === undefined) return 60003
  try {
    return READERS[command](body, world)
  } catch (error) {
    if (error instanceof BodyRefusedError) return error.code
    throw error
  }
}

/** A body that is JSON but no object has no fields to read and counts as bad JSON. */
function parseObject(text: string): Body | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value)
