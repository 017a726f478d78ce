import { parseEnv } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { envText } from '../../../../cli/run/env-file.ts'

it('settings that are written to .env are read from there by Node as they were', () => {
  const value = fc.string({ unit: 'grapheme-ascii' }).filter(text => !/[\r\n]/.test(text) && !/['"`]/.test(text))
  const quoted = fc
    .tuple(value, fc.constantFrom("'", '"', '`', '"`', `'"`))
    .map(([text, quote]) => `a${text}${quote}b # c\\n`)
  fc.assert(
    fc.property(fc.oneof(value, quoted), text => {
      expect(parseEnv(envText({ IM_ADMIN: 'administrator', IM_SECRET_KEY: text, RECEIPT_KEY: 'ab' }))).toEqual({
        ...{ IM_ADMIN: 'administrator', IM_SECRET_KEY: text, RECEIPT_KEY: 'ab' },
      })
    }),
  )
})
