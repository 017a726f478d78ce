import type { Certificate } from './certificate.ts'

/** Makes the page of a certificate: one file without script or anything from elsewhere, which prints on two sheets. */
export function toPage(certificate: Certificate): string {
  const { request, complete, log, digest } = certificate
  const title = `Erasure certificate: ${escaped(request ?? `all accounts of ${log.origin}`)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Erasure certificate</h1>
<p class="${complete ? 'good' : 'bad'}">${complete ? 'Complete: every accepted account has ended.' : 'NOT COMPLETE'}</p>
${list(certificate.incomplete)}
<table>
${rowsOf(certificate)
  .map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`)
  .join('\n')}
</table>
<h2>What it does not cover</h2>
${list(certificate.notCovered)}
<h2>How to check it</h2>
<p>Persons stand in the receipts by pseudonym only. With the export of the receipts and this page under the names below,
Node.js 20 or newer and the file <code>verify-receipts.mjs</code> of the project, 100 lines that anybody can read, these two
commands check the receipts, add them up, and show that they contain the signed head below. Compare the public key with the one that was given to you on another way.</p>
<pre>${escaped(certificate.check.join('\n'))}</pre>
<h3>Public key</h3>
<pre>${escaped(log.publicKey)}</pre>
<h3>Signed head of the log</h3>
<pre>${escaped(log.checkpoint ?? 'none was signed yet')}</pre>
<p class="small">Digest (SHA-256 of the certificate as JSON): <code>${escaped(digest)}</code></p>
</body>
</html>
`
}

function rowsOf(certificate: Certificate): readonly (readonly [string, string])[] {
  const { counts, verification, codes, receipts } = certificate
  const known = (value: string | number | null): string => (value === null ? 'not known' : String(value))
  const onTime = certificate.onTime === null ? 'not decided' : certificate.onTime ? 'yes' : 'no'
  const byCode = Object.entries(codes).map(([code, accounts]) => `${code}: ${accounts}`)
  return [
    ['Certificate', certificate.id],
    ['Issued', `${certificate.issuedAt} by ${certificate.issuer}`],
    ['Request', certificate.request ?? 'all accounts of the log, under any request or none'],
    ['System', `${certificate.system}, app ${certificate.app}, ${known(certificate.host)}`],
    ['Data', certificate.dataCategory],
    ['Method', certificate.method],
    ['Accepted', known(certificate.acceptedAt)],
    ['Due', known(certificate.due)],
    ['Completed', certificate.completedAt ?? 'not yet'],
    ['On time', onTime],
    ['Accounts accepted', known(counts.accepted)],
    ['Cleared', String(counts.cleared)],
    ['Not known to the vendor', String(counts.not_imported)],
    ['Withdrawn', String(counts.cancelled)],
    ['Dead letters', String(counts.dead_lettered)],
    ['Pending or missing', known(counts.pending)],
    [
      'Verification',
      `${verification.how}: ${verification.yes} seen empty, ${verification.no} not, ${verification.skipped} not looked at; VERIFY ${verification.verifyShares.join(', ')}`,
    ],
    ['Codes', byCode.length === 0 ? 'none' : byCode.join(', ')],
    ['Receipts', `${receipts.lines} entries, from number ${receipts.first} to ${receipts.last}`],
  ]
}

const list = (items: readonly string[]): string =>
  items.length === 0 ? '' : `<ul>\n${items.map(item => `<li>${escaped(item)}</li>`).join('\n')}\n</ul>`

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escaped = (text: string): string => text.replace(/[&<>"]/g, character => ESCAPES[character] ?? character)

const STYLE = `
body { font: 11pt/1.4 Georgia, serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; color: #111; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 1.4rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; width: 100%; } tr { break-inside: avoid; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #ccc; overflow-wrap: anywhere; }
th { width: 12rem; font-weight: normal; color: #444; }
pre { font: 8.5pt/1.35 monospace; white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #ccc; padding: .5rem; break-inside: avoid; }
.good { font-weight: bold; color: #14532d; } .bad { font-weight: bold; color: #991b1b; font-size: 1.2rem; }
.small { font-size: 9pt; overflow-wrap: anywhere; }
@page { margin: 18mm; } @media print { body { margin: 0; max-width: none; } h2, h3 { break-after: avoid; } }
`
