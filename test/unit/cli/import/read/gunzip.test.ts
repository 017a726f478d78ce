import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gunzip } from '../../../../../cli/import/read/gunzip.ts'
import { all, cut, inPieces, places } from './bytes.ts'

const unpack = async (...pieces: readonly Buffer[]): Promise<Buffer> =>
  Buffer.concat(await all((await gunzip(inPieces(...pieces))).chunks))

describe('an input that may be gzipped', () => {
  it('comes out as it was before, packed or not, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 400 }), fc.boolean(), places, async (text, packed, at) => {
        const plain = Buffer.from(text)
        fc.pre(packed || plain[0] !== 0x1f)
        expect(await unpack(...cut(packed ? gzipSync(plain) : plain, at))).toEqual(plain)
      }),
    )
  })

  it('may be of several parts, as log rotation and parallel packers write it', async () => {
    const parts = Buffer.concat([gzipSync('user_1\n'), gzipSync('user_2\n')])
    expect((await unpack(parts)).toString()).toBe('user_1\nuser_2\n')
    expect(gunzipSync(parts).toString()).toBe('user_1\nuser_2\n')
  })

  it('is refused where the packed data is cut off or damaged', async () => {
    const packed = gzipSync('user_1\n'.repeat(1000))
    await expect(unpack(packed.subarray(0, -9))).rejects.toThrow('the gzip data is damaged or cut off')
    await expect(unpack(packed.subarray(0, 12), Buffer.from('no gzip'))).rejects.toThrow('damaged or cut off')
  })

  it('hands on the failure of its source, and closes it when nobody reads on', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield gzipSync('user_1').subarray(0, 12)
      throw new Error('the disk is gone')
    }
    await expect(all((await gunzip(broken())).chunks)).rejects.toThrow('the disk is gone')
    let isClosed = false
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield Buffer.from('user_1\n')
      } finally {
        isClosed = true
      }
    }
    for await (const _ of (await gunzip(endless())).chunks) break
    expect(isClosed).toBe(true)
  })
})
