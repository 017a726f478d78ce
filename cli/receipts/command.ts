import { Command } from 'commander'
import type { Shell } from '../shell.ts'
import { acknowledgeCommand } from './acknowledge.ts'
import { certificateCommand } from './certificate.ts'
import { exportCommand } from './export.ts'
import { findCommand, proofCommand } from './find.ts'
import { keyCommand, newKeyCommand } from './keys.ts'
import { rotateKeyCommand } from './rotate-key.ts'
import { verifyCommand } from './verify.ts'

/** `clear-friends receipts …`: what leaves the log of receipts, its check, and its keys. */
export function receiptsCommand(shell: Shell): Command {
  return new Command('receipts')
    .description('Exports receipts, proves and verifies them, and manages their key.')
    .addCommand(exportCommand(shell))
    .addCommand(verifyCommand(shell))
    .addCommand(findCommand(shell))
    .addCommand(proofCommand(shell))
    .addCommand(certificateCommand(shell))
    .addCommand(keyCommand(shell))
    .addCommand(newKeyCommand(shell))
    .addCommand(rotateKeyCommand(shell))
    .addCommand(acknowledgeCommand(shell))
}
