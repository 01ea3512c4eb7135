-- What has happened, in its order. Each begins with its kind:
--   settle  lease call at now cost tokens served subjects session provider call_id ttl
--   release lease now undo
--   hold    lease now taken expires takes session user active with_rates
-- Answers the generation, or nothing if Redis was emptied: then nothing was done.

if not generation then return false end

local function correct_call(id, tokens)
  local lease = lease_of(id)
  if not lease.takes then return end
  if tokens == 0 and not lease.closed then
    if lease.estimate == 'counts' then redis.call('HSET', lease_key(id), 'estimate', 'doubt') end
    return
  end
  correct_takes(lease, lease.estimate, tokens, 0)
  redis.call('HSET', lease_key(id), 'estimate', 'replaced')
end

-- A success binds its session, unless a later call has, or the session was ended since.
local function bind(session, provider, call, ttl, at, now)
  local key = session_key(session)
  if at <= (tonumber(redis.call('HGET', key, 'ended')) or 0) then return end
  local _, bound_by = binding_of(session, now)
  if bound_by and bound_by > call then return end
  redis.call('HSET', key, 'provider', provider, 'call', call, 'until', int(now + ttl), 'ttl', int(ttl))
  keep_session(session, ttl)
end

local function settle(id, call, at, now, cost, tokens, served, subjects, session, provider, call_id, ttl)
  local marker = NAME .. 'd:' .. generation .. ':' .. id
  if not redis.call('SET', marker, '1', 'NX', 'PX', DAY) then return end
  local lease = finish(id, served and 'settled' or 'unserved', now)
  if lease then correct_takes(lease, lease.estimate, tokens, 0) end
  correct_call(call, tokens)
  for subject, reset_ms in string.gmatch(subjects, '(%S+) (%S+)') do
    local account = money_of(subject)
    reset(account, tonumber(reset_ms))
    settle_money(account, cost, at, now)
  end
  if session ~= '' then bind(session, provider, call_id, ttl, at, now) end
end

local i = 1
local function next_one()
  i = i + 1
  return ARGV[i - 1]
end
local function next_number()
  return tonumber(next_one())
end

while i <= #ARGV do
  local kind, id = next_one(), next_one()
  if kind == 'settle' then
    local call, at, now, cost, tokens = next_one(), next_number(), next_number(), next_number(), next_number()
    local served = next_one() == '1'
    local subjects, session, provider, call_id = next_one(), next_one(), next_one(), next_one()
    settle(id, call, at, now, cost, tokens, served, subjects, session, provider, call_id, next_number())
  elseif kind == 'release' then
    local now, undo = next_number(), next_one() == '1'
    if redis.call('EXISTS', lease_key(id)) == 1 then
      finish(id, undo and 'undone' or 'released', now)
    else
      -- The step that takes it may still be on its way: it comes too late then.
      redis.call('HSET', lease_key(id), 'closed', '1')
      redis.call('PEXPIRE', lease_key(id), 120000)
    end
  else
    local now, taken, expires, takes = next_number(), next_number(), next_number(), next_one()
    local session, user, active, with_rates = next_one(), next_one(), next_one(), next_one() == '1'
    local known = lease_of(id)
    if not known.takes or known.closed then
      each_take(takes, function(subject, reset_ms)
        reset(money_of(subject), reset_ms)
      end)
      hold(id, now, taken, expires, takes, session, user, active, with_rates)
    end
  end
end
return generation
