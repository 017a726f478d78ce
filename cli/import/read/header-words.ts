/**
 * Words that head columns of lists of people. No such word is taken for an account unless the operator says so, and only
 * such words of an input may show in a message.
 */
const HEADER_WORDS = new Set([
  ...['account', 'accounts', 'accountid', 'fromaccount', 'toaccount', 'identifier', 'useridentifier', 'id', 'ids'],
  ...[
    'user',
    'users',
    'userid',
    'userids',
    'username',
    'uid',
    'uuid',
    'openid',
    'unionid',
    'login',
    'member',
    'memberid',
  ],
  ...['customer', 'customerid', 'employee', 'employeeid', 'person', 'personid', 'name', 'names', 'fullname'],
  ...['firstname', 'lastname', 'surname', 'nickname', 'nick', 'displayname', 'email', 'emailaddress', 'mail', 'phone'],
  ...[
    'phonenumber',
    'mobile',
    'department',
    'team',
    'company',
    'city',
    'country',
    'region',
    'status',
    'state',
    'reason',
  ],
  ...['type', 'deletetype', 'date', 'day', 'time', 'timestamp', 'createdat', 'updatedat', 'deletedat', 'leftat', 'due'],
  ...[
    'duedate',
    'request',
    'requestid',
    'ticket',
    'ticketid',
    'no',
    'nr',
    'number',
    'note',
    'notes',
    'comment',
    'remark',
  ],
  ...[
    '账号',
    '帐号',
    '账户',
    '用户',
    '用户id',
    '用户名',
    '用户账号',
    '姓名',
    '名字',
    '邮箱',
    '手机',
    '部门',
    '编号',
    '备注',
  ],
])

/** Tells whether a text is a usual name of a column, however it is spelt: `User-ID`, `user_id`, `userId`. */
export const isHeaderWord = (text: string): boolean =>
  // Most accounts end here: files have millions.
  !/\d/.test(text) &&
  HEADER_WORDS.has(
    text
      .normalize('NFKC')
      .toLowerCase()
      .replace(/[\s_.\-#"]/g, ''),
  )
