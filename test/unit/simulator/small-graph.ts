import type { SimulatorOptions } from '../../../simulator/index.ts'

/** A handful of users whose friends and blocklists a test names one by one. */
export const GRAPH: SimulatorOptions = {
  users: {
    count: 20,
    listed: [
      { account: 'anna', friends: ['bert', 'carl', 'dora'] },
      { account: 'bert', friends: ['anna'] },
      { account: 'carl', friends: ['anna', 'bert'] },
      { account: 'dora', friends: [] },
      { account: 'emil', friends: ['anna'] },
      {
        account: 'rich',
        friends: { anna: { Tag_SNS_IM_Remark: 'old friend', Tag_SNS_IM_Group: ['g1'], Tag_SNS_Custom_Test: 'x' } },
      },
    ],
  },
}
