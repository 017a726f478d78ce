import { Command, Option } from 'commander'
import { certify } from '../../jobs/receipts/certificate/certificate.ts'
import { toPage } from '../../jobs/receipts/certificate/certificate-page.ts'
import { EXIT } from '../exit-codes.ts'
import { withFleet } from '../fleet-connection.ts'
import { requestOption } from '../job-options.ts'
import type { Shell } from '../shell.ts'
import { loadSeals } from './load-seals.ts'

interface CertificateOptions {
  readonly request?: string
  readonly format: 'html' | 'json'
}

/** `clear-friends receipts certificate`: certifies what became of a request, or of all accounts. */
export function certificateCommand({ environment, write, say, action }: Shell): Command {
  return new Command('certificate')
    .description(
      'Prints the certificate of a request, or of all accounts of the log, as one HTML page or as JSON. Exit code 3 where ' +
        'it is not complete.',
    )
    .addOption(requestOption('only the accounts of this request (default: all accounts of the log)'))
    .addOption(
      new Option('--format <format>', 'html or json, with the same content').choices(['html', 'json']).default('html'),
    )
    .action(
      action(async ({ request: given, format }: CertificateOptions) => {
        const request = given ?? null
        const seals = loadSeals(environment)
        return withFleet(environment, async ({ redis, prefix }) => {
          const certificate = await certify({ redis, prefix, seals, request })
          if (certificate === undefined) {
            say(nothingToCertify(request))
            return EXIT.failed
          }
          await write(format === 'json' ? `${JSON.stringify(certificate)}\n` : toPage(certificate))
          if (certificate.complete) return EXIT.done
          say(['this is not complete, and the certificate says so:', ...certificate.incomplete])
          return EXIT.remains
        })
      }),
    )
}

const nothingToCertify = (request: string | null): string =>
  request === null
    ? 'no entry of the log is about an account: none was enqueued, or its receipts were trimmed'
    : `no entry names the request "${request}": no account was enqueued under it, or its receipts were trimmed`
