-- What every script begins with: accounts, rates, sessions and leases. The same algorithm as src/state/memory; the
-- conformance tests hold both to it.
--
-- Numbers in Lua are doubles: they are exact below 2^53, and are passed on as text, because Lua's own way of writing
-- them keeps 14 digits only. Times are those of the caller.

local NAME = '{sy}:'
local DAY = 86400000
local ACCOUNT_TTL = 40 * DAY
local LEASE_TTL = 41 * DAY
local RUNNING = '9000000000000000'
local FIVE_HOURS = 18000000
-- Settlements of a subject that are kept one by one as well, and how long: a reset that is heard of late forgets no call
-- that began after it.
local RECENT = 1000
local RECENT_KEPT = 7200000
-- Their list lives for longer: that is said again once a day and not with each of them. `kept` says when.
local RECENT_TTL = 2 * DAY
local UNITS = {
  m = { ms = 60000, per_day = 1440, ttl = 3 * DAY },
  q = { ms = 900000, per_day = 96, ttl = 35 * DAY },
}
local WINDOWS = { '5h', 'daily', 'weekly', 'monthly', 'total' }

local generation = redis.call('GET', NAME .. 'sentinel')

local function int(n)
  return string.format('%.0f', n)
end

-- Accounts ----------------------------------------------------------------------------------------------------------

local accounts = {}

local function get(account, field)
  return tonumber(account[field]) or 0
end

-- The fields of a subject. What was settled in an earlier life of Redis does not count: it was loaded anew, or there
-- was nothing.
local function account_of(subject)
  local account = accounts[subject]
  if account then return account end
  account = { subject = subject, key = NAME .. 's:' .. subject }
  local raw = redis.call('HGETALL', account.key)
  for i = 1, #raw, 2 do account[raw[i]] = raw[i + 1] end
  accounts[subject] = account
  return account
end

local function touch(account)
  if not account.touched then
    account.touched = true
    redis.call('PEXPIRE', account.key, ACCOUNT_TTL)
  end
end

local function set(account, field, value)
  account[field] = value
  redis.call('HSET', account.key, field, value)
  touch(account)
end

local function add(account, field, n)
  if n == 0 then return end
  account[field] = redis.call('HINCRBY', account.key, field, int(n))
  touch(account)
end

local function forget(account)
  local fields = { 'total', 'five', 'after', 'newest' }
  for _, name in ipairs(WINDOWS) do
    fields[#fields + 1] = 'w' .. name
    fields[#fields + 1] = 'v' .. name
  end
  for _, field in ipairs(fields) do account[field] = nil end
  redis.call('HDEL', account.key, unpack(fields))
end

local function money_of(subject)
  local account = account_of(subject)
  if account.generation ~= generation then
    forget(account)
    set(account, 'generation', generation)
  end
  return account
end

-- Money -------------------------------------------------------------------------------------------------------------

local function days_key(account, unit, day)
  return NAME .. unit .. ':' .. account.subject .. ':' .. account.generation .. ':' .. int(get(account, 'reset'))
    .. ':' .. int(day)
end

-- The latest settlements, in the order in which they came: when the call began, and what it has cost.
local function recent_key(account)
  return NAME .. 'k:' .. account.subject .. ':' .. account.generation
end

-- The sum of the buckets in [from, to), and the first that is not empty.
local function range(account, unit, from, to)
  if to <= from then return 0, nil end
  local per_day = UNITS[unit].per_day
  local sum, first = 0, nil
  for day = math.floor(from / per_day), math.floor((to - 1) / per_day) do
    local low, high = math.max(from, day * per_day), math.min(to, (day + 1) * per_day)
    local key = days_key(account, unit, day)
    local function count(bucket, value)
      sum = sum + value
      if value ~= 0 and (not first or bucket < first) then first = bucket end
    end
    if high - low <= 16 then
      local fields = {}
      for bucket = low, high - 1 do fields[#fields + 1] = int(bucket) end
      for i, value in ipairs(redis.call('HMGET', key, unpack(fields))) do
        if value then count(low + i - 1, tonumber(value)) end
      end
    elseif high > low then
      local raw = redis.call('HGETALL', key)
      for i = 1, #raw, 2 do
        local bucket = tonumber(raw[i])
        if bucket >= low and bucket < high then count(bucket, tonumber(raw[i + 1])) end
      end
    end
  end
  return sum, first
end

-- One past the newest bucket that is not empty.
local function past_newest(account, unit)
  return math.floor(get(account, 'newest') * 60000 / UNITS[unit].ms) + 1
end

-- The sum of a window. It is kept, and moved on by what has left.
local function window_sum(account, name, unit, from)
  local known = account['w' .. name]
  local known_from = known and string.sub(known, 1, 1) == unit and tonumber(string.sub(known, 3))
  local sum
  if known_from and known_from <= from and from - known_from <= 1000 then
    sum = get(account, 'v' .. name)
    if known_from == from then return sum end
    sum = sum - range(account, unit, known_from, from)
  else
    sum = range(account, unit, from, past_newest(account, unit))
  end
  set(account, 'w' .. name, unit .. ':' .. int(from))
  set(account, 'v' .. name, int(sum))
  return sum
end

-- When the fixed five hours began in which a moment lies, if it lies in any. Of those that have ended only the last
-- ones are known: whatever is older counts with them.
local function five_hours(account, at)
  local start, after = tonumber(account.five), get(account, 'after')
  if at < after then return after - FIVE_HOURS end
  if start and at < start + FIVE_HOURS then return start end
  return nil
end

-- The moment of a span of fixed five hours: `five:1700000000000`.
local function five_at(span)
  return tonumber(string.match(span, '^five:(%d+)$'))
end

-- Unit and first bucket of a span: `m:17`, `q:3`, or fixed five hours.
local function parts_of(account, span)
  local at = five_at(span)
  if at then
    local start = five_hours(account, at)
    if not start then return nil end
    return 'm', start / 60000
  end
  return string.sub(span, 1, 1), tonumber(string.sub(span, 3))
end

local function settled(account, name, span)
  if span == 'all' then return get(account, 'total') end
  local unit, from = parts_of(account, span)
  if not unit then return 0 end
  return window_sum(account, name, unit, from)
end

local function begin_five_hours(account, at)
  at = math.floor(at / 60000) * 60000
  local start = tonumber(account.five)
  if not start then
    set(account, 'five', int(at))
  elseif at >= start + FIVE_HOURS then
    set(account, 'after', int(start + FIVE_HOURS))
    set(account, 'five', int(at))
  elseif at < start and at >= get(account, 'after') then
    set(account, 'five', int(at))
  end
end

-- Keeps a settlement by itself. Without `now` it was kept before: no other leaves because of it.
local function remember(account, cost, at, now)
  local key = recent_key(account)
  local n = redis.call('RPUSH', key, int(at) .. ' ' .. int(cost))
  if n > RECENT then redis.call('LPOP', key) end
  local seen = now or at
  if n == 1 or seen + RECENT_KEPT > get(account, 'kept') then
    redis.call('PEXPIRE', key, RECENT_TTL)
    set(account, 'kept', int(seen + DAY))
  end
  if not now then return end
  -- Those that are so old that no reset reaches them.
  local first = redis.call('LINDEX', key, 0)
  while first and tonumber(string.match(first, '^%S+')) < now - RECENT_KEPT do
    redis.call('LPOP', key)
    first = redis.call('LINDEX', key, 0)
  end
end

local function settle_money(account, cost, at, now)
  if cost == 0 or at < get(account, 'reset') then return end
  add(account, 'total', cost)
  local buckets = {}
  for unit, of in pairs(UNITS) do
    local bucket = math.floor(at / of.ms)
    local key = days_key(account, unit, math.floor(bucket / of.per_day))
    redis.call('HINCRBY', key, int(bucket), int(cost))
    redis.call('PEXPIRE', key, of.ttl)
    buckets[unit] = bucket
  end
  for _, name in ipairs(WINDOWS) do
    local known = account['w' .. name]
    if known and buckets[string.sub(known, 1, 1)] >= tonumber(string.sub(known, 3)) then
      add(account, 'v' .. name, cost)
    end
  end
  if buckets.m > get(account, 'newest') then set(account, 'newest', int(buckets.m)) end
  remember(account, cost, at, now)
  begin_five_hours(account, at)
end

-- Forgets what calls have cost that began before a reset. A reset is heard of after it was made: what has begun and
-- ended meanwhile stays.
local function reset(account, reset_ms)
  if reset_ms <= get(account, 'reset') then return end
  local key = recent_key(account)
  local recent = redis.call('LRANGE', key, 0, -1)
  redis.call('DEL', key)
  forget(account)
  set(account, 'reset', int(reset_ms))
  for _, entry in ipairs(recent) do
    local at, cost = string.match(entry, '^(%S+) (%S+)$')
    settle_money(account, tonumber(cost), tonumber(at))
  end
end

local function reserve(account, money, now)
  if money <= 0 then return end
  add(account, 'reserved', money)
  begin_five_hours(account, now)
end

local function lower(account, field, n)
  add(account, field, -math.min(n, get(account, field)))
end

-- Rates -------------------------------------------------------------------------------------------------------------

local function rates_key(subject, second)
  return NAME .. 'r:' .. subject .. ':' .. int(math.floor(second / 60))
end

-- Calls and tokens of the last minute, and the first second of each.
local function rates_of(subject, now)
  local account = account_of(subject)
  if account.rates then return account.rates end
  local first = math.floor(now / 1000) - 60
  local rates = { c = 0, t = 0 }
  for minute = math.floor(first / 60), math.floor(first / 60) + 2 do
    local raw = redis.call('HGETALL', NAME .. 'r:' .. subject .. ':' .. int(minute))
    for i = 1, #raw, 2 do
      local kind, second, n = string.sub(raw[i], 1, 1), tonumber(string.sub(raw[i], 2)), tonumber(raw[i + 1])
      if second >= first and n > 0 then
        rates[kind] = rates[kind] + n
        rates['first' .. kind] = math.min(rates['first' .. kind] or second, second)
      end
    end
  end
  account.rates = rates
  return rates
end

local function leaves(second)
  return second and int((second + 61) * 1000) or ''
end

local function add_rate(subject, tokens, at)
  local second = math.floor(at / 1000)
  local key = rates_key(subject, second)
  redis.call('HINCRBY', key, 'c' .. int(second), 1)
  redis.call('HINCRBY', key, 't' .. int(second), int(tokens))
  redis.call('PEXPIRE', key, 240000)
  account_of(subject).rates = nil
end

-- Replaces tokens that were estimated by those that were used, and takes calls back.
local function correct_rate(subject, at, estimated, used, calls)
  local second = math.floor(at / 1000)
  local key = rates_key(subject, second)
  local known = redis.call('HMGET', key, 'c' .. int(second), 't' .. int(second))
  if not known[1] then return end
  local tokens = tonumber(known[2]) or 0
  redis.call('HINCRBY', key, 't' .. int(second), int(math.max(tokens + used - estimated, 0) - tokens))
  if calls > 0 and tonumber(known[1]) > 0 then redis.call('HINCRBY', key, 'c' .. int(second), -1) end
  account_of(subject).rates = nil
end

-- Sessions ----------------------------------------------------------------------------------------------------------

local ALL = NAME .. 'active'

local function session_key(session)
  return NAME .. 'x:' .. session
end

local function busy_key(subject)
  return NAME .. 'b:' .. subject
end

local function idle_key(subject)
  return NAME .. 'i:' .. subject
end

local function keep_session(session, ms)
  local key = session_key(session)
  local wanted = math.max(7200000, ms)
  if redis.call('PTTL', key) < wanted then redis.call('PEXPIRE', key, int(wanted)) end
end

local function active_sessions(subject, now)
  redis.call('ZREMRANGEBYSCORE', idle_key(subject), '-inf', int(now))
  return redis.call('ZCARD', idle_key(subject)) + redis.call('HLEN', busy_key(subject))
end

local function is_active(subject, session, now)
  if redis.call('HEXISTS', busy_key(subject), session) == 1 then return true end
  local until_ms = redis.call('ZSCORE', idle_key(subject), session)
  return until_ms and tonumber(until_ms) > now
end

local function is_own_key(subject, session)
  return subject == 'key:' .. string.match(session, '^%d+')
end

-- A call of the session runs.
local function enter(subject, session, user, now)
  local busy, idle = busy_key(subject), idle_key(subject)
  local known = redis.call('HGET', busy, session)
  local is_fresh = false
  if known then
    local n, until_ms = string.match(known, '(%d+) (%d+)')
    redis.call('HSET', busy, session, int(n + 1) .. ' ' .. until_ms)
  else
    local until_ms = redis.call('ZSCORE', idle, session)
    is_fresh = not until_ms or tonumber(until_ms) <= now
    redis.call('ZREM', idle, session)
    redis.call('HSET', busy, session, '1 ' .. (is_fresh and '0' or int(tonumber(until_ms))))
  end
  redis.call('PEXPIRE', busy, LEASE_TTL)
  local key = session_key(session)
  redis.call('HSET', key, 'at:' .. subject, '1')
  if is_own_key(subject, session) then
    if is_fresh then redis.call('HSET', key, 'began', int(now), 'calls', '0') end
    local seen = math.max(now, tonumber(redis.call('HGET', key, 'seen')) or 0)
    redis.call('HSET', key, 'user', user, 'seen', int(seen))
    redis.call('HINCRBY', key, 'calls', 1)
    redis.call('ZREMRANGEBYSCORE', ALL, '-inf', int(now))
    redis.call('ZADD', ALL, RUNNING, session)
    redis.call('PEXPIRE', ALL, LEASE_TTL)
  end
  keep_session(session, 0)
end

-- A call of the session runs no more; it stays active until `until_ms` at least.
local function leave(subject, session, until_ms, now)
  local busy, idle = busy_key(subject), idle_key(subject)
  local known = redis.call('HGET', busy, session)
  if not known then return end
  local n, before = string.match(known, '(%d+) (%d+)')
  until_ms = math.max(until_ms, tonumber(before))
  if tonumber(n) > 1 then
    redis.call('HSET', busy, session, int(n - 1) .. ' ' .. int(until_ms))
    return
  end
  redis.call('HDEL', busy, session)
  if until_ms > now then
    redis.call('ZADD', idle, int(until_ms), session)
    redis.call('PEXPIRE', idle, LEASE_TTL)
    keep_session(session, until_ms - now)
  end
  if is_own_key(subject, session) then
    if until_ms > now then
      redis.call('ZADD', ALL, int(until_ms), session)
    else
      redis.call('ZREM', ALL, session)
    end
  end
end

-- Provider and call of a live binding.
local function binding_of(session, now)
  local known = redis.call('HMGET', session_key(session), 'provider', 'call', 'until')
  if known[1] and tonumber(known[3]) > now then return known[1], known[2] end
  return nil
end

-- Leases ------------------------------------------------------------------------------------------------------------

local LEASES = NAME .. 'leases'

local function lease_key(id)
  return NAME .. 'l:' .. id
end

local function lease_of(id)
  local raw = redis.call('HMGET', lease_key(id), 'takes', 'session', 'active', 'taken', 'estimate', 'closed')
  return { takes = raw[1], session = raw[2], active = tonumber(raw[3]), taken = tonumber(raw[4]), estimate = raw[5],
    closed = raw[6] }
end

-- Goes through takes: `subject reset request session rate money`, a rate of `-` is none.
local function each_take(takes, f)
  for subject, reset_ms, request, session, rate, money in
    string.gmatch(takes, '(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)') do
    f(subject, tonumber(reset_ms), tonumber(request), session == '1', tonumber(rate), tonumber(money))
  end
end

-- Takes all. Without `with_rates` calls and tokens are not counted: they were before, and only what a lapsed lease has
-- left of its estimate can still be corrected.
local function hold(id, now, taken, expires, takes, session, user, active, with_rates)
  each_take(takes, function(subject, _, request, uses_session, rate, money)
    local account = money_of(subject)
    reserve(account, money, taken)
    add(account, 'requests', request)
    if rate and with_rates then add_rate(subject, rate, taken) end
    if session ~= '' and uses_session then enter(subject, session, user, taken) end
  end)
  local key = lease_key(id)
  local estimate = with_rates and 'counts' or redis.call('HGET', key, 'estimate') or 'replaced'
  redis.call('HDEL', key, 'closed')
  redis.call('HSET', key, 'takes', takes, 'session', session, 'active', active, 'taken', int(taken), 'estimate',
    estimate)
  redis.call('PEXPIRE', key, LEASE_TTL)
  redis.call('ZADD', LEASES, int(expires), id)
  redis.call('PEXPIRE', LEASES, LEASE_TTL)
end

local function correct_takes(lease, estimate, tokens, calls)
  each_take(lease.takes, function(subject, _, _, _, rate)
    if rate then
      correct_rate(subject, lease.taken, estimate == 'replaced' and 0 or rate, tokens, calls)
    end
  end)
end

-- Until when a session stays active whose call ends now; 0: as long as it was.
local function stays_until(lease, how, now)
  if how == 'undone' or how == 'unserved' then return 0 end
  local key = session_key(lease.session)
  local known = redis.call('HMGET', key, 'ended', 'seen')
  if lease.taken <= (tonumber(known[1]) or 0) then return 0 end
  if how == 'lapsed' then return lease.taken + lease.active end
  redis.call('HSET', key, 'seen', int(math.max(now, tonumber(known[2]) or 0)))
  return now + lease.active
end

-- Ends a lease: `settled`, `unserved` (settled, but its session does not stay because of it), `released`, `undone` or
-- `lapsed`. Gives it back if it was held.
local function finish(id, how, now)
  local is_settled = how == 'settled' or how == 'unserved'
  local lease = lease_of(id)
  redis.call('ZREM', LEASES, id)
  if not lease.takes or lease.closed then return nil end
  each_take(lease.takes, function(subject, _, request, uses_session, _, money)
    local account = account_of(subject)
    lower(account, 'reserved', math.max(money, 0))
    lower(account, 'requests', request)
    if lease.session ~= '' and uses_session then
      leave(subject, lease.session, stays_until(lease, how, now), now)
      if how == 'undone' and is_own_key(subject, lease.session) then
        redis.call('HINCRBY', session_key(lease.session), 'calls', -1)
      end
    end
  end)
  if how == 'undone' then
    correct_takes(lease, lease.estimate, 0, 1)
  elseif not is_settled and lease.estimate == 'doubt' then
    correct_takes(lease, 'doubt', 0, 0)
  end
  if not is_settled and how ~= 'undone' and lease.estimate == 'counts' then
    redis.call('HSET', lease_key(id), 'closed', '1')
    redis.call('PEXPIRE', lease_key(id), 120000)
  else
    redis.call('DEL', lease_key(id))
  end
  return lease
end

-- Frees what replicas held that are gone: a bounded number, so that no step is long.
local function lapse(now)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', int(now), 'LIMIT', 0, 100)) do
    finish(id, 'lapsed', now)
  end
end

