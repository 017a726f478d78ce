import { expect, it } from 'vitest'
import { readRedisVersion } from '../../../redis/redis-version.ts'

it.each([
  ['# Server\r\nredis_version:7.0.15\r\nos:Linux\r\n', { name: 'Redis', version: '7.0.15', newEnough: true }],
  ['redis_version:6.2.0\r\n', { name: 'Redis', version: '6.2.0', newEnough: true }],
  ['redis_version:6.0.20\r\n', { name: 'Redis', version: '6.0.20', newEnough: false }],
  ['redis_version:5.0.14\r\n', { name: 'Redis', version: '5.0.14', newEnough: false }],
  ['redis_version:10.0.1\r\n', { name: 'Redis', version: '10.0.1', newEnough: true }],
  ['redis_version:7.2.4\r\nvalkey_version:8.1.0\r\n', { name: 'Valkey', version: '8.1.0', newEnough: true }],
  ['# Server\r\nos:Linux\r\n', { name: 'Redis', version: 'unknown', newEnough: false }],
])('reads what a server is from %j', (info, expected) => {
  expect(readRedisVersion(info)).toEqual(expected)
})
