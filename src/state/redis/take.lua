-- One step: lease, now, expires, session, user, active, takes, tokens that a cache may serve, and then 5 for each
-- check: kind, subject, limit, amount, `window span`. Answers `E` if Redis was emptied or is being filled, `T` with the
-- generation, provider and call of the binding and what is left of each rate, or `R` with the generation, the place
-- of the check from 0 on, what is used, reserved, when it frees, and of minutes when the first that is used begins.

if not generation or redis.call('EXISTS', NAME .. 'gather') == 1 then return { 'E' } end

local id, now, expires, session, user, active, takes, cacheable =
  ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8])
local FIRST_CHECK = 9

local provider, call
if session ~= '' then provider, call = binding_of(session, now) end
-- Tokens that the cache is expected to serve: they do not count in rates. One is left: a limit of 0 lets nothing pass.
local cached = math.min(cacheable, provider and tonumber(string.match(provider, '/(%d+)$')) or 0)
if cached > 0 then
  takes = string.gsub(takes, '(%S+ %S+ %S+ %S+ )(%S+)( %S+)', function(before, rate, after)
    if rate == '-' then return nil end
    return before .. int(math.max(tonumber(rate) - cached, 1)) .. after
  end)
end

local function refused(place, used, reserved, frees, oldest)
  return { 'R', generation, int(place), int(used), int(reserved), frees, oldest or '' }
end

local looks = {}

function looks.money(subject, limit, amount, extra, place)
  local name, span = string.match(extra, '(%S+) (%S+)')
  local account = money_of(subject)
  local used, reserved = settled(account, name, span), get(account, 'reserved')
  if used + reserved + amount <= limit then return nil end
  local at = five_at(span)
  local start = at and five_hours(account, at)
  local oldest
  if string.sub(span, 1, 1) == 'm' then
    local _, first = range(account, 'm', tonumber(string.sub(span, 3)), past_newest(account, 'm'))
    oldest = first and int(first * 60000)
  end
  return refused(place, used, reserved, start and int(start + FIVE_HOURS) or '', oldest)
end

function looks.requests(subject, limit, _, _, place)
  local used = get(account_of(subject), 'requests')
  if used + 1 > limit then return refused(place, used, 0, '') end
end

function looks.sessions(subject, limit, _, _, place)
  local used = active_sessions(subject, now)
  if session ~= '' and is_active(subject, session, now) then return nil end
  if used + 1 > limit then return refused(place, used, 0, '') end
end

function looks.rpm(subject, limit, _, _, place)
  local rates = rates_of(subject, now)
  if rates.c + 1 > limit then return refused(place, rates.c, 0, leaves(rates.firstc)) end
end

function looks.tpm(subject, limit, amount, _, place)
  local rates = rates_of(subject, now)
  if cached > 0 then amount = math.max(amount - cached, 1) end
  if rates.t + amount > limit then return refused(place, rates.t, 0, leaves(rates.firstt)) end
end

lapse(now)
each_take(takes, function(subject, reset_ms)
  reset(money_of(subject), reset_ms)
end)

if redis.call('EXISTS', lease_key(id)) == 0 then
  for i = FIRST_CHECK, #ARGV, 5 do
    local place = (i - FIRST_CHECK) / 5
    local no = looks[ARGV[i]](ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), ARGV[i + 4], place)
    if no then return no end
  end
  hold(id, now, now, expires, takes, session, user, active, true)
end

if provider then
  local key = session_key(session)
  local known = redis.call('HMGET', key, 'until', 'ttl')
  redis.call('HSET', key, 'until', int(math.max(tonumber(known[1]), now + tonumber(known[2]))))
  keep_session(session, tonumber(known[2]))
end

local answer = { 'T', generation, provider or '', call or '' }
for i = FIRST_CHECK, #ARGV, 5 do
  local kind = ARGV[i]
  if kind == 'rpm' or kind == 'tpm' then
    local rates = rates_of(ARGV[i + 1], now)
    answer[#answer + 1] = int(math.max(tonumber(ARGV[i + 2]) - (kind == 'rpm' and rates.c or rates.t), 0))
  end
end
return answer
